// What the list is asked in the benchmark, and the statement that a person would write by hand for just that question.
import type { Loaded } from './list-load.ts'

export type Case = {
  name: string
  path: () => string
  /** The best statements for the same answer, each with its values; they run one after another. */
  limit: () => { text: string; values: unknown[]; name?: string }[]
}

const columns = `id, name, description, creator, project_id, service_id, created_at, updated_at, shown_state as state,
  status, error_code, error_message, hold, armed, schedule, input, output, config, labels, cores, memory_mib`
const ofService = 'project_id = $1 and service_id = $2'
const counted = `(select sum(change) from task_count where ${ofService}) as count`

/** `cursors` are of pages 100,000 tasks apart or more. */
export function listCases(loaded: Loaded, cursor: { text: string; createdAtMs: number; id: string }): Case[] {
  const { projectId, bigServiceId, smallServiceIds, firstAtMs, taskCount } = loaded
  const tasks = (serviceId: string) => `/v1/${projectId}/services/${serviceId}/tasks`
  const small = () => smallServiceIds[Math.floor(Math.random() * smallServiceIds.length)] ?? ''
  const big = [projectId, bigServiceId]
  const page = (name: string, values: unknown[], rest: string, count = counted) => [
    { text: `select ${columns}, ${count} from task where ${ofService} ${rest}`, values, name },
  ]
  const newest = 'order by created_at desc, id'
  const offset = Math.floor(taskCount * 0.9)
  const rare = () => `${Math.floor(Math.random() * 0xffffff).toString(16)}`.padStart(6, '0')
  const since = firstAtMs + Math.floor(taskCount * 0.45) * 1_000
  const until = firstAtMs + Math.floor(taskCount * 0.55) * 1_000
  const range = [...big, new Date(since), new Date(until)]
  let [asked, word] = [small(), rare()]
  return [
    {
      name: 'first_page_10',
      path: () => `${tasks(bigServiceId)}?limit=10`,
      limit: () => page('limit-10', [...big, 10], `${newest} limit $3`),
    },
    {
      name: 'first_page_100',
      path: () => `${tasks(bigServiceId)}?limit=100`,
      limit: () => page('limit-100', [...big, 100], `${newest} limit $3`),
    },
    {
      name: 'first_page_10_of_5000',
      path: () => {
        asked = small()
        return `${tasks(asked)}?limit=10`
      },
      limit: () => page('limit-10', [projectId, asked, 10], `${newest} limit $3`),
    },
    {
      name: 'state_100',
      path: () => `${tasks(bigServiceId)}?state=FAILED&limit=100`,
      limit: () =>
        page(
          'limit-state',
          [...big, 'FAILED', 100],
          `and shown_state = $3 ${newest} limit $4`,
          `${counted.replace(') as', ' and state = $3) as')}`,
        ),
    },
    {
      name: 'name_rare',
      path: () => {
        word = rare()
        return `${tasks(bigServiceId)}?name_like=${word}&limit=100`
      },
      limit: () =>
        page('', [...big, `%${word}%`, 100], `and name ilike $3 ${newest} limit $4`, 'count(*) over () as count'),
    },
    {
      name: 'name_common',
      path: () => `${tasks(bigServiceId)}?name_like=gate&limit=100`,
      limit: () => page('', [...big, '%gate%', 100], `and name ilike $3 ${newest} limit $4`, '0 as count'),
    },
    {
      name: 'created_range_100',
      path: () => `${tasks(bigServiceId)}?created_since=${since}&created_until=${until - 1}&limit=100`,
      limit: () =>
        page(
          '',
          [...range, 100],
          `and created_at >= $3 and created_at < $4 ${newest} limit $5`,
          `(select count(*) from task where ${ofService} and created_at >= $3 and created_at < $4) as count`,
        ),
    },
    {
      name: 'exact_count',
      path: () => `${tasks(bigServiceId)}?limit=1`,
      limit: () => page('limit-10', [...big, 1], `${newest} limit $3`),
    },
    {
      name: `offset_${offset}`,
      path: () => `${tasks(bigServiceId)}?offset=${offset}&limit=100`,
      limit: () => [
        {
          text: `with page as materialized (select id from task where ${ofService} order by created_at, id desc offset $3 limit 100)
                 select ${columns}, ${counted} from task join page using (id) ${newest}`,
          values: [...big, taskCount - offset - 100],
          name: 'limit-far',
        },
      ],
    },
    {
      name: 'cursor_deep_100',
      path: () => `${tasks(bigServiceId)}?cursor=${cursor.text}&limit=100`,
      limit: () =>
        page(
          'limit-cursor',
          [...big, new Date(cursor.createdAtMs), cursor.id, 101],
          `and created_at <= $3 and (created_at < $3 or id > $4) ${newest} limit $5`,
        ),
    },
    {
      name: 'show',
      path: () => `${tasks(bigServiceId)}/${cursor.id}`,
      limit: () => [
        {
          text: `select ${columns} from task where id = $3 and ${ofService}`,
          values: [...big, cursor.id],
          name: 'limit-show',
        },
      ],
    },
  ]
}
