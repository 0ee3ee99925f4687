// What of a result an output gets. Source: inputs and outputs, 2.4.

export type Share = 'nothing' | 'data' | 'data_and_picture'

// The data of these mean nothing to a reader who did not ask for them.
const onlyWhenNamed = ['Heatmap', 'Health']

/**
 * How much of a result an output with this filter gets. No filter takes everything. `OriginImage` and `FaceImage` ask
 * for what carries such a picture; `StructuredData` alone asks for the data without one.
 */
export function shareOf(filter: readonly string[] | undefined, category: string, hasPicture: boolean): Share {
  if (filter === undefined || filter.length === 0) return hasPicture ? 'data_and_picture' : 'data'
  const pictureCategory = category === 'StructuredData' ? 'OriginImage' : category
  if (hasPicture && filter.includes(pictureCategory)) return 'data_and_picture'
  if (filter.includes(category)) return 'data'
  return filter.includes('StructuredData') && !onlyWhenNamed.includes(category) ? 'data' : 'nothing'
}
