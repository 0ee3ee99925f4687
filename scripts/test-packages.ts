// The Debian packages that tests use and the product does not: real cameras, real servers, a real clip.
import { spawnSync } from 'node:child_process'

/** Each with what it is for. */
const packages = {
  'opencv-doc': 'vtest.avi, real pedestrians',
  ffmpeg: 'makes clips, publishes to RTMP, judges streams from outside',
  nginx: 'HTTP with ranges, HLS',
  'libnginx-mod-rtmp': 'an RTMP server',
  'python3-gi': 'runs the RTSP server',
  'gir1.2-gst-rtsp-server-1.0': 'an RTSP server',
  'gstreamer1.0-plugins-base': 'parts of the RTSP server',
  'gstreamer1.0-plugins-good': 'parts of the RTSP server',
  'gstreamer1.0-plugins-bad': 'parts of the RTSP server',
  postgresql: 'the external database of the store tests',
  openssl: 'certificates of the TLS tests',
  'python3-openstackclient': 'the clients of OpenStack',
}

function isInstalled(name: string): boolean {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the words of dpkg-query.
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' })
  return stdout === 'installed'
}

function apt(args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  // The lock wait outlives another apt on the machine; its output goes to stderr, away from the summary.
  const options = ['-y', '-q', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3']
  return spawnSync('apt-get', [...options, ...args], { env, stdio: ['ignore', 2, 2] }).status === 0
}

/** Installs what is missing when root on Debian runs it. Gives the names that are missing still. */
export function installMissing(): string[] {
  const missing = Object.keys(packages).filter((name) => !isInstalled(name))
  if (missing.length === 0) return []
  const isRoot = process.getuid?.() === 0
  const hasApt = spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0
  if (!isRoot || !hasApt) return missing
  const install = () => apt(['install', '--no-install-recommends', ...missing])
  // Package lists may be absent or old; they are fetched only when the install fails without.
  if (!install() && apt(['update'])) install()
  return missing.filter((name) => !isInstalled(name))
}
