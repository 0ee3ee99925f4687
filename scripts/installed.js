// Says whether the install in node_modules is whole: node scripts/installed.js ROOT. Prints the packages, one a line.
// Plain JavaScript, since the launcher runs it with any Node of at least 20 before the pinned one is known to be there.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = process.argv[2] ?? '.'
const prefix = 'node_modules/'

function read(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {}
}

function isForThisPlatform({ os, cpu, libc }) {
  return (
    (!os || os.includes(process.platform)) && (!cpu || cpu.includes(process.arch)) && (!libc || libc.includes('glibc'))
  )
}

/** Packages that only developers need may be left out, and so may those that npm itself leaves out elsewhere. */
function isNeeded(entry) {
  return !entry.dev && !entry.devOptional && isForThisPlatform(entry)
}

const locked = Object.entries(read(join(root, 'package-lock.json'))).filter(([path]) => path.startsWith(prefix))
const installed = read(join(root, 'node_modules/.package-lock.json'))
const missing = locked.filter(([path, entry]) => {
  if (!isNeeded(entry)) return false
  const isSame = entry.link || installed[path]?.version === entry.version
  return !isSame || !existsSync(join(root, path, 'package.json'))
})
if (locked.length === 0 || missing.length > 0) {
  console.error(`missing ${missing.map(([path]) => path.slice(prefix.length)).join(', ') || 'package-lock.json'}`)
  process.exitCode = 1
} else {
  const present = locked.filter(([, entry]) => isNeeded(entry))
  console.log(present.map(([path]) => path.slice(prefix.length)).join('\n'))
}
