// Formats every file and mends what the linter can mend by itself.
import { spawnSync } from 'node:child_process'
import { root } from './steps.ts'

const { status } = spawnSync(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'check', '--write', '.'], {
  cwd: root,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
