// The launcher on a tiny checkout with a stand-in for npm, so that every way an install can go takes milliseconds.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('..', import.meta.url))
const platform = `${process.platform}-${process.arch}`

const lockFile = {
  packages: {
    '': { name: 'tiny' },
    'node_modules/one': { version: '1.0.0' },
    [`node_modules/node-${platform}`]: { version: '26.0.0', optional: true, cpu: [process.arch] },
    'node_modules/for-another-machine': { version: '1.0.0', optional: true, os: ['plan9'] },
    'node_modules/for-developers': { version: '1.0.0', dev: true },
  },
}

// Writes what `npm ci` would, after saying that it began and, where it is told to, waiting or failing.
const npmScript = `#!/bin/sh
echo began >>npm.log
[ ! -e npm-fails ] || { echo 'npm: no network' >&2; exit 7; }
rm -rf node_modules
mkdir -p node_modules/one node_modules/node-${platform}/bin
echo '{}' >node_modules/one/package.json
[ ! -e npm-hangs ] || exec sleep 60
sleep 0.3
echo '{}' >node_modules/node-${platform}/package.json
ln -s '${process.execPath}' node_modules/node-${platform}/bin/node
cp package-lock.json node_modules/.package-lock.json
`

type Checkout = { root: string; bin: string }

async function makeCheckout(context: TestContext): Promise<Checkout> {
  const parent = await mkdtemp(join(tmpdir(), 'sightline launcher '))
  context.after(() => rm(parent, { recursive: true, force: true }))
  const [root, bin] = [join(parent, 'a clone'), join(parent, 'bin')]
  for (const folder of [bin, join(root, 'cli'), join(root, 'server/transfer'), join(root, 'scripts')]) {
    await mkdir(folder, { recursive: true })
  }
  for (const file of ['sightline', 'cli/usage.txt', 'scripts/installed.js']) {
    await cp(join(repository, file), join(root, file))
  }
  await writeFile(join(root, 'package.json'), '{"type":"module"}')
  await writeFile(join(root, 'package-lock.json'), JSON.stringify(lockFile))
  await writeFile(join(root, 'cli/main.ts'), 'console.log(JSON.stringify(["cli", ...process.argv.slice(2)]))')
  await writeFile(join(root, 'server/serve.ts'), 'console.log(JSON.stringify(["serve", ...process.argv.slice(2)]))')
  await writeFile(
    join(root, 'server/transfer/main.ts'),
    'console.log(JSON.stringify(["transfer", ...process.argv.slice(2)]))',
  )
  await writeFile(join(bin, 'npm'), npmScript)
  await chmod(join(bin, 'npm'), 0o755)
  return { root, bin }
}

type Outcome = { code: number | null; stdout: string; stderr: string }

function launch({ root, bin }: Checkout, args: string[], options: { path?: string; cwd?: string } = {}): ChildProcess {
  const path = options.path ?? `${bin}:${dirname(process.execPath)}:/usr/bin:/bin`
  return spawn(join(root, 'sightline'), args, { cwd: options.cwd ?? '/', env: { PATH: path, HOME: bin } })
}

async function outcome(child: ChildProcess): Promise<Outcome> {
  assert.ok(child.stdout && child.stderr)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code, stdout, stderr }
}

const npmCalls = async ({ root }: Checkout) =>
  (await readFile(join(root, 'npm.log'), 'utf8').catch(() => '')).length / 6

/** Resolves when the stand-in has begun, seen by what it prints. */
async function npmBegan(checkout: Checkout, calls: number): Promise<void> {
  while ((await npmCalls(checkout)) < calls) await new Promise((resolve) => setImmediate(resolve))
}

const usage = await readFile(join(repository, 'cli/usage.txt'), 'utf8')

describe('the launcher', { concurrency: 6 }, () => {
  test('the first call installs and runs the command, the next one runs without npm', async (context) => {
    const checkout = await makeCheckout(context)
    const first = await outcome(launch(checkout, ['task', 'list', '--name', 'a b']))
    assert.equal(first.stdout, '["cli","task","list","--name","a b"]\n', first.stderr)
    const second = await outcome(launch(checkout, ['doctor'], { path: '/usr/bin:/bin' }))
    assert.deepEqual(second, { code: 0, stdout: '["cli","doctor"]\n', stderr: '' })
    assert.equal(await npmCalls(checkout), 1)
  })

  test('serve has a main file of its own and keeps the flags', async (context) => {
    const { stdout } = await outcome(launch(await makeCheckout(context), ['serve', '--port', '0']))
    assert.equal(stdout, '["serve","--port","0"]\n')
  })

  test('the help of a program is the command line’s to give', async (context) => {
    const { stdout } = await outcome(launch(await makeCheckout(context), ['serve', '--port', '0', '--help']))
    assert.equal(stdout, '["cli","help","serve"]\n')
  })

  test('what is done to a stopped platform has a main file of its own and keeps its name', async (context) => {
    const checkout = await makeCheckout(context)
    for (const words of [
      ['export', 'all.jsonl', '--with-secrets'],
      ['import', '-'],
      ['secrets', 'rotate'],
    ]) {
      const { stdout } = await outcome(launch(checkout, words))
      assert.deepEqual(JSON.parse(stdout), ['transfer', ...words])
    }
    const { stdout } = await outcome(launch(checkout, ['export', '--help']))
    assert.equal(stdout, '["cli","help","export"]\n')
  })

  test('of two first calls at once, one installs and the other waits for it', async (context) => {
    const checkout = await makeCheckout(context)
    const both = await Promise.all([outcome(launch(checkout, ['one'])), outcome(launch(checkout, ['two']))])
    assert.deepEqual(
      both.map(({ code, stdout }) => ({ code, stdout })),
      [
        { code: 0, stdout: '["cli","one"]\n' },
        { code: 0, stdout: '["cli","two"]\n' },
      ],
    )
    assert.equal(await npmCalls(checkout), 1)
  })

  test('an install whose launcher and npm were killed is taken over and finished', async (context) => {
    const checkout = await makeCheckout(context)
    await writeFile(join(checkout.root, 'npm-hangs'), '')
    const killed = launch(checkout, ['x'])
    await npmBegan(checkout, 1)
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    const [npmPid] = (await readFile(join(checkout.root, '.install-lock/npm'), 'utf8')).split(' ')
    process.kill(Number(npmPid), 'SIGKILL')
    await rm(join(checkout.root, 'npm-hangs'))
    const both = await Promise.all([outcome(launch(checkout, ['a'])), outcome(launch(checkout, ['b']))])
    assert.deepEqual([both[0].stdout, both[1].stdout], ['["cli","a"]\n', '["cli","b"]\n'], both[0].stderr)
    assert.equal(await npmCalls(checkout), 2)
  })

  test('an npm that outlives its launcher is waited for, not doubled', async (context) => {
    const checkout = await makeCheckout(context)
    const killed = launch(checkout, ['x'])
    await npmBegan(checkout, 1)
    killed.kill('SIGKILL')
    const next = await outcome(launch(checkout, ['a']))
    assert.equal(next.stdout, '["cli","a"]\n', next.stderr)
    assert.equal(await npmCalls(checkout), 1)
  })

  test('an interrupt stops npm and leaves no lock', async (context) => {
    const checkout = await makeCheckout(context)
    await writeFile(join(checkout.root, 'npm-hangs'), '')
    const interrupted = launch(checkout, ['x'])
    await npmBegan(checkout, 1)
    interrupted.kill('SIGTERM')
    assert.equal((await outcome(interrupted)).code, 130)
    await assert.rejects(readFile(join(checkout.root, '.install-lock/launcher')), { code: 'ENOENT' })
  })

  test('a package that went missing is installed again', async (context) => {
    const checkout = await makeCheckout(context)
    await outcome(launch(checkout, ['x']))
    await rm(join(checkout.root, 'node_modules/one'), { recursive: true })
    const { stdout, stderr } = await outcome(launch(checkout, ['x']))
    assert.equal(stdout, '["cli","x"]\n', stderr)
    assert.equal(await npmCalls(checkout), 2)
  })

  test('another lock file is another install', async (context) => {
    const checkout = await makeCheckout(context)
    await outcome(launch(checkout, ['x']))
    const newer = structuredClone(lockFile)
    newer.packages['node_modules/one'].version = '1.0.1'
    await writeFile(join(checkout.root, 'package-lock.json'), JSON.stringify(newer))
    await outcome(launch(checkout, ['x']))
    assert.equal(await npmCalls(checkout), 2)
  })

  test('a symlink in another folder leads to the checkout', async (context) => {
    const checkout = await makeCheckout(context)
    await symlink('../a clone/sightline', join(checkout.bin, 'sl'))
    const child = spawn('sl', ['x'], {
      cwd: '/',
      env: { PATH: `${checkout.bin}:${process.env.PATH}`, HOME: checkout.bin },
    })
    assert.equal((await outcome(child)).stdout, '["cli","x"]\n')
  })

  test('a failing npm ends the call with exit 1, and the next call tries again', async (context) => {
    const checkout = await makeCheckout(context)
    await writeFile(join(checkout.root, 'npm-fails'), '')
    const failed = await outcome(launch(checkout, ['x']))
    assert.equal(failed.code, 1)
    assert.match(failed.stderr, /npm: no network\nsightline: npm could not install .* \(exit 7\)/)
    await rm(join(checkout.root, 'npm-fails'))
    assert.equal((await outcome(launch(checkout, ['x']))).code, 0)
  })

  test('no arguments print the usage and install nothing', async (context) => {
    const checkout = await makeCheckout(context)
    assert.deepEqual(await outcome(launch(checkout, [])), { code: 2, stdout: '', stderr: usage })
    assert.equal(await npmCalls(checkout), 0)
  })

  test('a Node that is too old is refused in one line', async (context) => {
    const checkout = await makeCheckout(context)
    await writeFile(join(checkout.bin, 'node'), '#!/bin/sh\n[ "$1" = -p ] && echo 18.20.4\n')
    await chmod(join(checkout.bin, 'node'), 0o755)
    assert.deepEqual(await outcome(launch(checkout, ['x'], { path: `${checkout.bin}:/usr/bin:/bin` })), {
      code: 1,
      stdout: '',
      stderr: 'sightline: the first start needs Node 20 or newer; this is 18.20.4\n',
    })
  })

  test('a machine without npm is told so in one line', async (context) => {
    const checkout = await makeCheckout(context)
    const tools = join(dirname(checkout.bin), 'tools')
    await mkdir(tools)
    for (const tool of ['sh', 'sed', 'cut', 'dirname', 'readlink', 'uname', 'cksum', 'mkdir', 'mv', 'rm', 'cat']) {
      await symlink(`/usr/bin/${tool}`, join(tools, tool))
    }
    assert.deepEqual(await outcome(launch(checkout, ['x'], { path: tools })), {
      code: 1,
      stdout: '',
      stderr: 'sightline: the first start needs Node 20 or newer with npm on the PATH, to install the rest\n',
    })
  })
})
