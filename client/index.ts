export { ApiError, NoAnswerError } from './api-error.ts'
export {
  type Arguments,
  type Client,
  type ClientOptions,
  createClient,
  type ListServicesQuery,
  type ListTasksDetailsQuery,
} from './client.ts'
export type { Credentials, Token } from './token.ts'
