// All tests: installs the Debian packages they use where it may, then checks, then runs unit and system tests as one.
import { availableParallelism } from 'node:os'
import { isSystemTest, isUnitTest, listFiles, printSteps, runStaticSteps, runTests } from './steps.ts'
import { installMissing } from './test-packages.ts'

// System tests start databases, encoders and detectors of their own; more than two at once only make each other late.
const concurrency = Math.min(2, availableParallelism())

const missing = installMissing()
if (missing.length > 0) {
  console.log(`missing, and only root on Debian can install them from here: apt-get install ${missing.join(' ')}`)
  console.log('the tests that use them fail and say so')
}
const steps = await runStaticSteps()
printSteps(steps)
const failed = steps.filter((step) => !step.isGood).map((step) => step.name)
if (failed.length > 0) console.log(`failed before the tests: ${failed.join(', ')}`)
const testsExitCode = await runTests(
  (await listFiles()).filter((path) => isUnitTest(path) || isSystemTest(path)),
  concurrency,
)
process.exitCode = testsExitCode === 0 && failed.length === 0 ? 0 : 1
