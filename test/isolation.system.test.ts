// Whether one tenant can see or touch what is another's: probes made from the table of routes, so that a new operation is
// probed as soon as it exists, and fails here until it says what a probe of it sends.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type OperationName, operations } from '@sightline/contract/operations.ts'
import { createRoutes, type Route } from '@sightline/server/api/router.ts'
import { openTestApi, type TestApi } from '@sightline/server/api/test-api.ts'
import { signedHeadersOf, type TestKey } from '@sightline/server/api/test-sign.ts'
import { type Ids, makeTenant, password, policy, type Tenant, task } from './tenant.ts'

let api: TestApi

/** What a probe sends to each operation that reads a body: good, so that only the gate can refuse it. */
const bodies: Partial<Record<string, unknown>> = {
  DeployService: { service_name: 'probe', infer_type: 'edge', config: [{ model_id: 'c-flowcount' }] },
  UpdateService: { description: 'probed' },
  CreateTasks: task,
  UpdateTask: { name: 'probed' },
  BatchTasks: { action: 'stop', filter: {} },
  CreateKey: { description: 'probe' },
  CreateUser: { name: 'probe', password, roles: ['admin'] },
  UpdateUser: { roles: ['admin'], password: 'Probed horse 1' },
  CreateRole: { name: 'probe', policy },
  UpdateRole: { description: 'probed' },
}

/** Names in paths, each with an id of the same form that nobody has. */
const idsOfNobody: Ids = {
  project_id: 'ffffffffffffffffffffffffffffffff',
  service_id: 'ffffffff-ffff-4fff-8fff-ffffffffffff',
  task_id: 'ffffffffffffffffffffffffffffffff',
  access: 'NOBODYNOBODYNOBODY00',
  user_id: 'fffffffffffffffffffffffffffffff0',
  role_name: 'nobody-has-this',
}

let routes: Route[]
let victim: Tenant
let attacker: Tenant
let probeCount = 0

before(async () => {
  api = await openTestApi()
  routes = createRoutes(api.door)
  victim = await makeTenant(api, 'victim')
  attacker = await makeTenant(api, 'attacker')
})
after(() => api?.[Symbol.asyncDispose]())

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'PATCH'
type Probe = { method: Method; path: string; body: string | undefined; headers: Record<string, string> }
/** How a caller shows who it is, or does not. */
type Disguise = { name: string; headers: (probe: Probe) => Record<string, string> }

function nameOf(route: Route): OperationName | undefined {
  return Object.entries(operations).find(
    ([, operation]) => operation.method === route.method && operation.path === route.path,
  )?.[0] as OperationName | undefined
}

function projectRoutes(): { route: Route; name: OperationName }[] {
  return routes
    .filter((route) => route.path.startsWith('/v1/{project_id}'))
    .map((route) => {
      const name = nameOf(route)
      assert.ok(name, `${route.method} ${route.path} is no operation of the contract`)
      if ('request' in operations[name]) assert.ok(name in bodies, `${name}: no probe recipe says what to send`)
      for (const [, parameter = ''] of route.path.matchAll(/\{(\w+)\}/g)) {
        assert.ok(parameter in idsOfNobody, `${name}: no probe recipe says what {${parameter}} is`)
      }
      return { route, name }
    })
}

const namesIn = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)

/** Ways to write one path that a router or a check may read differently. */
const spellings: ((path: string) => string)[] = [
  (path) => path,
  (path) => `${path}/`,
  (path) => path.replace(/^\/v1\/(.)/, (_, first: string) => `/v1/%${first.charCodeAt(0).toString(16)}`),
  (path) => `${path}?project_id=x&limit=1&verbose=true`,
]

const fill = (path: string, ids: Ids) => path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '')

function probeOf(route: Route, name: OperationName | undefined, path: string): Probe {
  const body = name && name in bodies ? JSON.stringify(bodies[name]) : undefined
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  return { method: route.method as Method, path, body, headers }
}

async function send(probe: Probe, disguise: Disguise): Promise<{ status: number; body: string }> {
  probeCount++
  const answer = await api.app.inject({
    ...{ method: probe.method, url: probe.path, headers: { ...probe.headers, ...disguise.headers(probe) } },
    ...(probe.body !== undefined && { payload: probe.body }),
  })
  return { status: answer.statusCode, body: answer.body }
}

/** An answer in which every id is replaced by its name, so that answers about different things can be compared. */
function told({ status, body }: { status: number; body: string }, ids: Ids): string {
  const text = Object.entries(ids).reduce((left, [name, id]) => {
    const encoded = `%${id.charCodeAt(0).toString(16)}${id.slice(1)}`
    return left.replaceAll(encoded, `{${name}}`).replaceAll(id, `{${name}}`)
  }, body)
  return `${status} ${text}`
}

const byToken = (name: string, token: string, more: Record<string, string> = {}): Disguise => ({
  name,
  headers: () => ({ 'x-auth-token': token, ...more }),
})

function bySignature(name: string, key: TestKey, more: Record<string, string> = {}): Disguise {
  return {
    name,
    headers: (probe) => {
      // Never the same second twice: a repeated write would be refused for that alone.
      api.clock.nowMs += 1000
      const { method, path, body } = probe
      const headers = { ...probe.headers, ...more }
      return signedHeadersOf(key, { method, path, headers, ...(body !== undefined && { body }) }, api.clock.nowMs)
    },
  }
}

/** Whoever has no business in the project of the victim. */
function strangers(): Disguise[] {
  const { tokens, key, ids } = attacker
  const own = { 'x-project-id': ids.project_id ?? '' }
  const foreign = { 'x-project-id': victim.ids.project_id ?? '' }
  return [
    { name: 'nobody', headers: () => ({}) },
    byToken('a token of nobody', 'A'.repeat(43)),
    byToken('what is no token', 'admin'),
    byToken('the admin of another project', tokens.admin ?? ''),
    byToken('the admin of another project, which names its own', tokens.admin ?? '', own),
    byToken('the admin of another project, which names this one', tokens.admin ?? '', foreign),
    byToken('the operator of another project', tokens.operator ?? ''),
    byToken('the viewer of another project', tokens.viewer ?? ''),
    byToken('an account of another project, without a project', tokens.unscoped ?? ''),
    byToken('a revoked token of the project', victim.tokens.revoked ?? ''),
    byToken('the token of a deleted user of the project', victim.tokens.nobody ?? ''),
    byToken('the token of a disabled user of the project', victim.tokens.locked ?? ''),
    bySignature('the key of another project', key),
    bySignature('the key of another project, which names this one', key, foreign),
    bySignature('the key of the project with another secret', { access: victim.key.access, secret: key.secret }),
    { name: 'a scheme that signs nothing', headers: () => ({ authorization: 'Bearer x', 'x-auth-token': '' }) },
  ]
}

/** Everything that is the victim's, as one text. */
async function stateOf(tenant: Tenant): Promise<string> {
  const id = tenant.ids.project_id
  const tables = ['task', 'service', 'role', 'account_role', 'project']
  const states: unknown[] = []
  for (const table of tables) {
    const column = table === 'project' ? 'id' : 'project_id'
    const { rows } = await api.database.query(
      `select md5(string_agg(one::text, ',' order by one::text)) as state from ${table} as one where ${column} = $1`,
      [id],
    )
    states.push(rows)
  }
  const { rows } = await api.database.query(
    `select md5(string_agg(a::text, ',' order by a.id)) as accounts,
            (select md5(string_agg(k::text, ',' order by k.access)) from access_key k) as keys
       from account a`,
  )
  return JSON.stringify([...states, rows])
}

test('a stranger is told nothing about a project, whatever is asked and however', async () => {
  const before = await stateOf(victim)
  const faults: string[] = []
  for (const { route, name } of projectRoutes()) {
    for (const disguise of strangers()) {
      for (const spell of spellings) {
        const ask = async (ids: Ids) => {
          const probe = probeOf(route, name, spell(fill(route.path, ids)))
          return told(await send(probe, disguise), { ...idsOfNobody, ...victim.ids, ...ids })
        }
        const real = await ask(victim.ids)
        const inside = await ask({ ...idsOfNobody, project_id: victim.ids.project_id ?? '' })
        const nowhere = await ask(idsOfNobody)
        if (/^2/.test(real) || real !== inside || real !== nowhere) {
          faults.push(`${name} by ${disguise.name} at ${spell(route.path)}: ${real} / ${inside} / ${nowhere}`)
        }
      }
    }
  }
  assert.deepEqual(faults.slice(0, 10), [])
  assert.equal(await stateOf(victim), before)
})

test('ids of another project do not exist in one’s own', async () => {
  const before = await stateOf(victim)
  const faults: string[] = []
  const own: Disguise[] = [
    byToken('the admin', attacker.tokens.admin ?? ''),
    byToken('the operator', attacker.tokens.operator ?? ''),
    byToken('the viewer', attacker.tokens.viewer ?? ''),
    bySignature('the key', attacker.key),
  ]
  for (const { route, name } of projectRoutes()) {
    const named = namesIn(route.path).filter((parameter) => parameter !== 'project_id')
    // Each subset of the ids that may be foreign, the rest being one's own.
    for (let bits = 1; bits < 2 ** named.length; bits++) {
      const foreign = named.filter((_, at) => bits & (2 ** at))
      const pick = (from: Ids): Ids => ({
        ...attacker.ids,
        ...Object.fromEntries(foreign.map((parameter) => [parameter, from[parameter] ?? ''])),
      })
      for (const disguise of own) {
        for (const spell of spellings) {
          const ask = async (ids: Ids) =>
            told(await send(probeOf(route, name, spell(fill(route.path, ids))), disguise), ids)
          const [real, absent] = [await ask(pick(victim.ids)), await ask(pick(idsOfNobody))]
          if (/^2/.test(real) || real !== absent) {
            faults.push(`${name} by ${disguise.name} with a foreign ${foreign.join(', ')}: ${real} / ${absent}`)
          }
        }
      }
    }
  }
  assert.deepEqual(faults.slice(0, 10), [])
  assert.equal(await stateOf(victim), before)
})

/** What somebody without any right but to look may do. */
const mayLook = ({ method, path }: Route) => method === 'GET' && !/\/(users|roles|audit)\b/.test(path)

test('a batch that names tasks of another project finds none of them', async () => {
  const before = await stateOf(victim)
  const path = fill('/v1/{project_id}/services/{service_id}/tasks/batch', attacker.ids)
  for (const action of ['start', 'stop', 'delete']) {
    const ask = async (ids: Ids) => {
      const body = JSON.stringify({ action, ids: [ids.task_id] })
      const probe: Probe = { method: 'POST', path, body, headers: { 'content-type': 'application/json' } }
      const by = byToken('the admin', attacker.tokens.admin ?? '')
      return told(await send(probe, by), { task_id: ids.task_id ?? '' })
    }
    assert.equal(await ask(victim.ids), await ask(idsOfNobody))
  }
  assert.equal(await stateOf(victim), before)
})

async function faultsOfMember(disguise: Disguise, mayDo: (route: Route) => boolean): Promise<string[]> {
  const faults: string[] = []
  const inside = { ...idsOfNobody, project_id: victim.ids.project_id ?? '' }
  for (const { route, name } of projectRoutes().filter(({ route }) => !route.path.includes('/keys'))) {
    const good = mayDo(route) ? [200, 404] : [403]
    const paths = spellings.flatMap((spell) => [victim.ids, inside].map((ids) => spell(fill(route.path, ids))))
    for (const path of paths) {
      const { status } = await send(probeOf(route, name, path), disguise)
      if (!good.includes(status)) faults.push(`${name} by ${disguise.name} at ${path}: ${status}`)
    }
  }
  return faults
}

test('a member does no more than its role says', async () => {
  const before = await stateOf(victim)
  const faults = [
    ...(await faultsOfMember(byToken('a viewer', victim.tokens.viewer ?? ''), mayLook)),
    ...(await faultsOfMember(byToken('one whom a policy denies all', victim.tokens.denied ?? ''), () => false)),
  ]
  assert.deepEqual(faults.slice(0, 10), [])
  assert.equal(await stateOf(victim), before)
})

/** How the routes outside of projects are probed with what is another's: a request for it, and one for nothing. */
const identityRecipes: Record<string, ((ids: Ids, token: string) => Partial<Probe>) | 'names nothing'> = {
  'POST /v3/auth/tokens': (ids) => ({
    body: JSON.stringify({
      auth: {
        identity: { methods: ['token'], token: { id: attacker.tokens.admin } },
        scope: { project: { id: ids.project_id } },
      },
    }),
  }),
  'GET /v3': 'names nothing',
  'GET /v3/auth/tokens': (_, token) => ({ headers: { 'x-subject-token': token } }),
  'DELETE /v3/auth/tokens': (_, token) => ({ headers: { 'x-subject-token': token } }),
  'GET /v3/projects': 'names nothing',
  'POST /v3/projects': (ids) => ({ body: JSON.stringify({ project: { name: 'p', domain_id: ids.project_id } }) }),
  'GET /v3/auth/projects': 'names nothing',
  'GET /v3/auth/domains': 'names nothing',
  'GET /v3/regions': 'names nothing',
  'GET /v3.0/OS-CREDENTIAL/credentials': (ids) => ({
    path: `/v3.0/OS-CREDENTIAL/credentials?user_id=${ids.user_id}`,
  }),
  'POST /v3.0/OS-CREDENTIAL/credentials': (ids) => ({
    body: JSON.stringify({ credential: { user_id: ids.user_id } }),
  }),
  'GET /v3.0/OS-CREDENTIAL/credentials/{access}': () => ({}),
  'DELETE /v3.0/OS-CREDENTIAL/credentials/{access}': () => ({}),
}

test('outside of projects too, nothing of another is told', async () => {
  const before = await stateOf(victim)
  const faults: string[] = []
  const callers = [
    byToken('the admin of another project', attacker.tokens.admin ?? ''),
    byToken('one without a project', attacker.tokens.unscoped ?? ''),
    byToken('the viewer of the same project', victim.tokens.viewer ?? ''),
    bySignature('the key of another project', attacker.key),
  ]
  for (const route of routes.filter(({ path }) => !path.startsWith('/v1/{project_id}'))) {
    const recipe = identityRecipes[`${route.method} ${route.path}`]
    assert.ok(recipe, `${route.method} ${route.path}: no probe recipe`)
    for (const disguise of callers) {
      const ask = async (ids: Ids, token: string) => {
        const probe = probeOf(route, nameOf(route), fill(route.path, ids))
        const special = recipe === 'names nothing' ? {} : recipe(ids, token)
        const headers = {
          ...(special.body !== undefined && { 'content-type': 'application/json' }),
          ...special.headers,
        }
        return told(await send({ ...probe, ...special, headers }, disguise), ids)
      }
      // The viewer's own user and token are no secret to it.
      const theirs = { ...victim.ids, user_id: 'f'.repeat(31) }
      const real = await ask(theirs, victim.tokens.admin ?? '')
      const absent = await ask({ ...idsOfNobody, user_id: 'e'.repeat(31) }, 'B'.repeat(43))
      const isNamed = recipe !== 'names nothing'
      const isViewerAtHome = disguise.name === 'the viewer of the same project' && !isNamed
      if (isNamed && (/^2/.test(real) || real !== absent)) {
        faults.push(`${route.method} ${route.path} by ${disguise.name}: ${real} / ${absent}`)
      }
      if (!isViewerAtHome && /victim/.test(real)) faults.push(`${route.method} ${route.path} tells ${real}`)
    }
  }
  assert.deepEqual(faults.slice(0, 10), [])
  assert.equal(await stateOf(victim), before)
})

test('five thousand probes were made', () => {
  assert.ok(probeCount >= 5_000, `${probeCount} probes`)
  console.log(`${probeCount} probes`)
})
