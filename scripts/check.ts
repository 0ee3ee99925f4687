// The fast part of the tests, under a minute: format, lint, types, the rules of the rooms, unit tests.
import { availableParallelism } from 'node:os'
import { isUnitTest, listFiles, printSteps, runStaticSteps, runTests } from './steps.ts'

const steps = await runStaticSteps()
printSteps(steps)
const testsExitCode = await runTests((await listFiles()).filter(isUnitTest), availableParallelism())
const failed = steps.filter((step) => !step.isGood).map((step) => step.name)
if (testsExitCode !== 0) failed.push('unit tests')
console.log(failed.length === 0 ? 'check: good' : `check: failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
