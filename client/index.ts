export { ApiError, NoAnswerError } from './api-error.ts'
export {
  type Arguments,
  type Client,
  type ClientOptions,
  createClient,
  type ListAuditQuery,
  type ListServicesQuery,
  type ListTasksDetailsQuery,
  type Project,
} from './client.ts'
export type { Credentials, Token } from './token.ts'
