// The demo's data directory: temporary, gone when the demo ends, and cleared by the next demo when this one was killed.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The process that owns a directory is part of its name. */
const namePattern = /^sightline-demo-(\d+)-/

/** Makes an empty directory below `parent`, and removes those of demos that no longer run. */
export async function makeDataDir(parent = tmpdir()): Promise<string> {
  for (const name of await readdir(parent)) {
    const pid = Number(namePattern.exec(name)?.[1])
    // One that belongs to another user cannot be removed, and is none of ours.
    if (pid > 0 && !isAlive(pid)) await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined)
  }
  return mkdtemp(join(parent, `sightline-demo-${process.pid}-`))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
