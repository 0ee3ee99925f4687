// The operations on members of a project. Part of `operations`; read that table.
import {
  CreateKeyRequest,
  CreateKeyResponse,
  CreateRoleRequest,
  CreateUserRequest,
  ListAuditResponse,
  ListKeysResponse,
  ListRolesResponse,
  ListUsersResponse,
  RoleItem,
  UpdateRoleRequest,
  UpdateUserRequest,
  UserItem,
} from './members.ts'

const project = '/v1/{project_id}'
const users = `${project}/users`
const user = `${users}/{user_id}`
const roles = `${project}/roles`
const role = `${roles}/{role_name}`

export const memberOperations = {
  ListKeys: { method: 'GET', path: `${project}/keys`, status: 200, response: ListKeysResponse },
  CreateKey: {
    method: 'POST',
    path: `${project}/keys`,
    status: 201,
    request: CreateKeyRequest,
    response: CreateKeyResponse,
  },
  DeleteKey: { method: 'DELETE', path: `${project}/keys/{access}`, status: 204 },
  ListUsers: { method: 'GET', path: users, status: 200, response: ListUsersResponse },
  CreateUser: { method: 'POST', path: users, status: 201, request: CreateUserRequest, response: UserItem },
  ShowUser: { method: 'GET', path: user, status: 200, response: UserItem },
  UpdateUser: { method: 'PUT', path: user, status: 200, request: UpdateUserRequest, response: UserItem },
  DeleteUser: { method: 'DELETE', path: user, status: 204 },
  ListRoles: { method: 'GET', path: roles, status: 200, response: ListRolesResponse },
  CreateRole: { method: 'POST', path: roles, status: 201, request: CreateRoleRequest, response: RoleItem },
  UpdateRole: { method: 'PUT', path: role, status: 200, request: UpdateRoleRequest, response: RoleItem },
  DeleteRole: { method: 'DELETE', path: role, status: 204 },
  ListAudit: { method: 'GET', path: `${project}/audit`, status: 200, response: ListAuditResponse },
} as const
