// The published clients of Huawei Cloud and OpenStack against the whole platform, as their users run them.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { BasicCredentials, GlobalCredentials } from '@huaweicloud/huaweicloud-sdk-core'
import { ClientBuilder } from '@huaweicloud/huaweicloud-sdk-core/ClientBuilder.js'
import type { HcClient } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js'
import * as iam from '@huaweicloud/huaweicloud-sdk-iam/v3/public-api.js'
import { createClient } from '@sightline/client'
import { adminPassword, type Platform, startPlatform } from './platform.ts'

let platform: Platform
let projectId: string
let domainId: string
let userId: string
let key: { access: string; secret: string }

before(async () => {
  platform = await startPlatform({ args: ['--no-worker'] })
  const { endpoint } = platform
  const client = createClient({ endpoint, credentials: { user: 'admin', password: adminPassword } })
  const { value } = await client.createToken()
  const headers = { 'x-auth-token': value, 'x-subject-token': value }
  const described = (await (await fetch(`${endpoint}/v3/auth/tokens`, { headers })).json()) as {
    token: { project: { id: string }; user: { id: string; domain: { id: string } } }
  }
  projectId = described.token.project.id
  userId = described.token.user.id
  domainId = described.token.user.domain.id
  key = await client.createKey({ body: { description: 'for the published clients' } })
})
after(() => platform?.[Symbol.asyncDispose]())

function credentials(): BasicCredentials {
  return new BasicCredentials().withAk(key.access).withSk(key.secret).withProjectId(projectId)
}

function coreClient(given = credentials()): HcClient {
  return new ClientBuilder((client: HcClient) => client).withEndpoint(platform.endpoint).withCredential(given).build()
}

type Call = { method: string; path: string; query?: Record<string, unknown>; data?: object }

/** As the clients that are generated from the API document call it: a GET has the body {} too. */
async function send(client: HcClient, { method, path, query = {}, data = {} }: Call): Promise<Record<string, unknown>> {
  const answer = await client.sendRequest({
    ...{ method, url: `/v1/{project_id}/services${path}`, contentType: 'application/json' },
    ...{ queryParams: query, pathParams: { project_id: projectId }, headers: {}, data },
  })
  return { ...answer }
}

const task = {
  name: 'task-测试',
  input: { type: 'url', data: [{ url: 'rtsp://192.168.0.8/a' }] },
  output: { webhook: { url: 'http://192.168.0.9/' } },
}

for (const { name, client } of [
  { name: 'in its present form', client: () => coreClient() },
  {
    name: 'with a derived key',
    client: () =>
      coreClient(
        Object.assign(credentials().withRegionId('region-1'), {
          derivedAuthServiceName: 'modelarts',
          isDerivedAuth: () => true,
        }),
      ),
  },
]) {
  test(`the core client signs every call of services and tasks ${name}`, async () => {
    const sdk = client()
    const listed = await send(sdk, { method: 'GET', path: '' })
    const services = listed.services as { service_id: string; service_name: string }[]
    const serviceId = services.find(({ service_name }) => service_name === 'c-flowcount')?.service_id
    const tasks = `/${serviceId}/tasks`
    const created = (await send(sdk, { method: 'POST', path: tasks, data: task })) as { tasks: { id: string }[] }
    const id = created.tasks[0]?.id
    const one = `${tasks}/${id}`
    const query = { name_like: '测试', sort_key: 'created_at', limit: 10 }
    const found = await send(sdk, { method: 'GET', path: tasks, query })
    assert.deepEqual([found.count, (found.tasks as { id: string }[])[0]?.id], [1, id])
    const odd = await send(sdk, { method: 'GET', path: tasks, query: { name_like: "a b*'()~!:é+%/?", limit: 1 } })
    assert.equal(odd.count, 0)
    assert.equal((await send(sdk, { method: 'GET', path: one })).name, task.name)
    const description = 'changed by the client'
    const changed = await send(sdk, { method: 'PUT', path: one, data: { description } })
    assert.equal(changed.description, description)
    for (const call of ['stop', 'start']) {
      assert.equal((await send(sdk, { method: 'POST', path: `${one}/${call}` })).httpStatusCode, 202, call)
    }
    assert.equal((await send(sdk, { method: 'DELETE', path: one })).httpStatusCode, 202)
  })
}

test('the core client shows what a wrong secret is answered with', async () => {
  const wrong = coreClient(credentials().withSk('wrong'))
  await assert.rejects(send(wrong, { method: 'GET', path: '' }), (error: { httpStatusCode?: number }) => {
    assert.equal(error.httpStatusCode, 403)
    assert.match(JSON.stringify(error), /ModelArts\.0206/)
    return true
  })
})

test('the core client finds the project of a region by its name', async () => {
  const given = new BasicCredentials().withAk(key.access).withSk(key.secret).withIamEndpoint(platform.endpoint)
  const client = new ClientBuilder((built: HcClient) => built)
    .withRegion({ id: 'default', endpoints: [platform.endpoint] } as never)
    .withCredential(given)
    .build()
  const listed = await client.sendRequest({
    ...{ method: 'GET', url: '/v1/{project_id}/services', contentType: 'application/json' },
    ...{ queryParams: {}, pathParams: {}, headers: {}, data: {} },
  })
  assert.equal(listed.httpStatusCode, 200)
})

test('the IAM client takes a token, lists projects and leads a key through its life', async () => {
  const given = new GlobalCredentials().withAk(key.access).withSk(key.secret).withDomainId(domainId)
  const client = iam.IamClient.newBuilder().withEndpoint(platform.endpoint).withCredential(given).build()
  const { projects } = await client.keystoneListProjects(new iam.KeystoneListProjectsRequest().withName('default'))
  assert.deepEqual(
    projects?.map(({ id, name }) => ({ id, name })),
    [{ id: projectId, name: 'default' }],
  )
  const token = await client.keystoneCreateUserTokenByPassword({
    body: {
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'admin', password: adminPassword, domain: { name: 'sightline' } } },
        },
        scope: { project: { name: 'default' } },
      },
    },
  } as never)
  assert.match(String(Reflect.get(token, 'X-Subject-Token') ?? token.xSubjectToken), /^[\w-]{43}$/)
  const made = await client.createPermanentAccessKey({
    body: { credential: { user_id: userId, description: 'made by the client' } },
  } as never)
  const access = made.credential?.access ?? ''
  const keys = await client.listPermanentAccessKeys({} as never)
  assert.ok(keys.credentials?.some((one) => one.access === access))
  const deleted = await client.deletePermanentAccessKey(new iam.DeletePermanentAccessKeyRequest(access))
  assert.equal(deleted.httpStatusCode, 204)
})

const python = '/usr/bin/python3'
const run = promisify(execFile)

/** What every OpenStack tool reads of its environment. */
function openstackEnvironment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: platform.dataDir,
    OS_AUTH_URL: `${platform.endpoint}/v3`,
    OS_USERNAME: 'admin',
    OS_PASSWORD: adminPassword,
    OS_USER_DOMAIN_NAME: 'sightline',
    OS_PROJECT_NAME: 'default',
    OS_PROJECT_DOMAIN_NAME: 'sightline',
    OS_IDENTITY_API_VERSION: '3',
  }
}

test('the OpenStack command line takes a token and lists projects and the catalogue', async () => {
  const openstack = async (...args: string[]) => {
    const { stdout } = await run(python, ['-m', 'openstackclient.shell', ...args, '-f', 'json'], {
      env: openstackEnvironment(),
    })
    return JSON.parse(stdout)
  }
  const token = await openstack('token', 'issue')
  assert.deepEqual([token.project_id, token.user_id], [projectId, userId])
  assert.deepEqual(await openstack('project', 'list'), [{ ID: projectId, Name: 'default' }])
  const catalog = (await openstack('catalog', 'list')) as { Name: string; Endpoints: { url: string }[] }[]
  const modelarts = catalog.find(({ Name }) => Name === 'modelarts')
  assert.equal(modelarts?.Endpoints[0]?.url, `${platform.endpoint}/v1/${projectId}`)
})

const adapterScript = `
import os, json
from keystoneauth1 import adapter, session
from keystoneauth1.identity import v3
auth = v3.Password(auth_url=os.environ['OS_AUTH_URL'], username='admin', password=os.environ['OS_PASSWORD'],
                   user_domain_name='sightline', project_name='default', project_domain_name='sightline')
s = session.Session(auth=auth)
modelarts = adapter.Adapter(s, service_type='modelarts', interface='public', region_name='default')
services = modelarts.get('/services').json()['services']
service = [one for one in services if one['service_name'] == 'c-flowcount'][0]
tasks = modelarts.get('/services/%s/tasks' % service['service_id'], params={'limit': 10}).json()
token = s.get_token()
identity = adapter.Adapter(s, service_type='identity', interface='public')
identity.delete('/auth/tokens', headers={'X-Subject-Token': token})
print(json.dumps([sorted(tasks), s.get_project_id(), modelarts.get('/services').status_code]))
`

test('an adapter of keystoneauth finds the tasks through the catalogue, and signs in anew after its token is revoked', async () => {
  const { stdout } = await run(python, ['-c', adapterScript], { env: openstackEnvironment() })
  assert.deepEqual(JSON.parse(stdout), [['count', 'tasks'], projectId, 200])
})
