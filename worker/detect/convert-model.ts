// Makes the built-in detector from an installed npm package, so that no weights lie in this repository.
import { randomUUID } from 'node:crypto'
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { convertGraph } from './convert-graph.ts'
import { onnxFile } from './onnx-writer.ts'
import { readTfjsModel } from './tfjs-model.ts'

const packageName = '@vladmandic/human'

/** Raised whenever the file would come out different from the same package. */
const converterVersion = 2

/** Of the graph in `models/centernet.json`; the scores before their sigmoid. */
const nodeNames = {
  images: 'tower_0/images',
  scores: 'tower_0/CenternetHead/centernet_cls_output/BiasAdd',
  extents: 'tower_0/mul',
}

/**
 * The path of the built-in detector model, made on the first call: MobileNetV3-CenterNet, COCO-80, 8 MB.
 *
 * Shape: `<dataDir>/models/centernet-<package version>-<converter version>.onnx`. Any number of processes may call at
 * once; each writes a file of its own and the last rename wins.
 * Errors: throws `ModelMissingError` when the package is not installed, else what the file system says.
 */
export async function convertedModel(dataDir: string): Promise<string> {
  const { folder, version } = await findPackage()
  const path = join(dataDir, 'models', `centernet-${version}-${converterVersion}.onnx`)
  if (await isThere(path)) return path
  const model = await readTfjsModel(join(folder, 'models', 'centernet.json'))
  await writeWhole(path, onnxFile(convertGraph(model, nodeNames)))
  return path
}

export class ModelMissingError extends Error {
  override name = 'ModelMissingError'
}

async function findPackage(): Promise<{ folder: string; version: string }> {
  try {
    // The package does not export its package.json; its main file lies in dist/.
    const folder = dirname(dirname(createRequire(import.meta.url).resolve(packageName)))
    const about = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }
    return { folder, version: about.version }
  } catch (cause) {
    throw new ModelMissingError(`the npm package ${packageName} with the built-in detector is not installed`, { cause })
  }
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const partPath = `${path}.${randomUUID()}.part`
  try {
    await writeFile(partPath, bytes)
    await rename(partPath, path)
  } catch (error) {
    await rm(partPath, { force: true })
    throw error
  }
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
