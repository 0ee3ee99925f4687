// One platform per data directory. The hold is a Linux abstract socket: it needs no file, and ends with the process.
import { chmod, mkdir, stat } from 'node:fs/promises'
import { createServer } from 'node:net'

/** Another platform uses this data directory. */
export class DataDirHeldError extends Error {
  override name = 'DataDirHeldError'
}

/**
 * Makes the data directory if it is missing and holds it until disposed, or until this process ends however it does.
 *
 * Errors: `DataDirHeldError`; the system's own error when the directory cannot be made.
 */
export async function holdDataDir(path: string): Promise<AsyncDisposable> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const { dev, ino, mode } = await stat(path)
  // The database of a root-run platform belongs to another user, who must be able to walk through, not to list.
  if (process.getuid?.() === 0 && (mode & 0o001) === 0) await chmod(path, (mode & 0o777) | 0o011)
  const server = createServer((socket) => socket.destroy())
  const held = Promise.withResolvers<void>()
  server.once('error', held.reject)
  server.listen({ path: `\0sightline-${dev}-${ino}` }, held.resolve)
  try {
    await held.promise
  } catch (cause) {
    throw new DataDirHeldError(`the data directory ${path} is in use by another platform`, { cause })
  }
  server.unref()
  return {
    [Symbol.asyncDispose]: async () => {
      server.close()
    },
  }
}
