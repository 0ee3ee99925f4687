/**
 * Every error the API can give. A code is identified by (HTTP status, number), never by the number alone.
 *
 * Shape: `message` is a template; `{name}` is filled in. Source: error codes page.
 */
export const apiErrors = {
  invalid_argument: { status: 400, code: 'ModelArts.0101', message: 'Invalid argument. {detail}' },
  invalid_values: {
    status: 400,
    code: 'ModelArts.0107',
    message: 'The values of the request parameters ({first},{second}) are invalid.',
  },
  quota_exceeded: { status: 400, code: 'ModelArts.0118', message: 'The expected {what} exceeds the quota limit.' },
  invalid_project_id: { status: 400, code: 'ModelArts.0210', message: 'Invalid project ID.' },
  not_future: { status: 400, code: 'ModelArts.3562', message: 'The value of field [{field}] must be a future time.' },
  service_state: {
    status: 400,
    code: 'ModelArts.3519',
    message: 'Service {id} in the [{state}] state cannot be updated.',
  },
  not_owner: {
    status: 400,
    code: 'ModelArts.3540',
    message: 'Operation failed because you are not the owner of service {name}.',
  },
  incorrect_json: { status: 400, code: 'ModelArts.4105', message: 'Incorrect JSON format of the input data.' },
  empty_request: { status: 400, code: 'ModelArts.4202', message: 'Empty request.' },
  service_unavailable: {
    status: 400,
    code: 'ModelArts.4203',
    message: 'Invalid request because requested service {id} is unavailable.',
  },
  operation_not_allowed: {
    status: 400,
    code: 'ModelArts.9502',
    message: 'Operation [{op}] is not allowed because task {id} is in the [{state}] state.',
  },
  profile_field: {
    status: 400,
    code: 'ModelArts.9504',
    message: 'The field [{field}] is not supported by services of profile [{profile}].',
  },
  address_not_allowed: {
    status: 400,
    code: 'ModelArts.9505',
    message: 'The address in the field [{field}] is not allowed by the address policy.',
  },
  mask_not_kept: {
    status: 400,
    code: 'ModelArts.9506',
    message: 'The masked value of the field [{field}] cannot be kept because its address has changed.',
  },
  config_mismatch: {
    status: 400,
    code: 'ModelArts.9507',
    message: 'The configuration does not match the algorithm {name} {version}: {fault}.',
  },
  no_token: { status: 401, code: 'ModelArts.0201', message: "Token doesn't exist." },
  token_expired: {
    status: 401,
    code: 'ModelArts.0202',
    message: 'Invalid token header because the token has expired.',
  },
  invalid_token: { status: 401, code: 'ModelArts.0203', message: 'Invalid token.' },
  token_without_project: {
    status: 401,
    code: 'ModelArts.0212',
    message: 'Invalid token header because the token does not contain a project.',
  },
  authorization_format: {
    status: 401,
    code: 'ModelArts.0206',
    message: 'Incorrect authorization request header format.',
  },
  authorization_missing_part: {
    status: 401,
    code: 'ModelArts.0208',
    message: 'Failed to check the authorization request header.',
  },
  // The next three are Keystone's own: below /v3 the code is the HTTP status.
  sign_in_refused: { status: 401, code: 'ModelArts.0203', message: 'The username or password is wrong.' },
  sign_in_locked: {
    status: 401,
    code: 'ModelArts.0203',
    message: 'The account is locked for 15 minutes after too many failed sign-ins.',
  },
  subject_token_not_found: { status: 404, code: 'ModelArts.0203', message: 'The token is not found.' },
  // In the style of the cloud's gateway, which stands before the API there.
  gateway_signature: {
    status: 401,
    code: 'APIGW.0301',
    message: 'Incorrect IAM authentication information: verify aksk signature fail',
  },
  invalid_signature: { status: 403, code: 'ModelArts.0206', message: 'Invalid AK/SK.' },
  not_authorized: {
    status: 403,
    code: 'ModelArts.0108',
    message: 'You are not authorized to perform the ({action}) operation.',
  },
  project_mismatch: {
    status: 403,
    code: 'ModelArts.0210',
    message: 'The project id in the request URL does not match the token.',
  },
  service_not_found: { status: 404, code: 'ModelArts.3502', message: 'Service {id} does not exist.' },
  no_such_api: { status: 404, code: 'ModelArts.4204', message: 'API {path} does not exist.' },
  task_not_found: { status: 404, code: 'ModelArts.9501', message: 'Task {id} does not exist.' },
  method_not_allowed: { status: 405, code: 'ModelArts.4204', message: 'API {path} does not exist.' },
  key_not_found: { status: 404, code: 'ModelArts.9520', message: 'Access key {access} does not exist.' },
  user_not_found: { status: 404, code: 'ModelArts.9521', message: 'User {id} does not exist.' },
  role_not_found: { status: 404, code: 'ModelArts.9523', message: 'Role {name} does not exist.' },
  request_timeout: { status: 408, code: 'ModelArts.9511', message: 'The request was not completed in time.' },
  task_changed: { status: 409, code: 'ModelArts.9503', message: 'Task {id} was changed by another request.' },
  key_of_another_body: {
    status: 409,
    code: 'ModelArts.9512',
    message: 'The idempotency key {key} was used for another request body.',
  },
  user_exists: { status: 409, code: 'ModelArts.9522', message: 'User {name} already exists.' },
  role_exists: { status: 409, code: 'ModelArts.9524', message: 'Role {name} already exists.' },
  project_exists: { status: 409, code: 'ModelArts.9525', message: 'Project {name} already exists.' },
  service_exists: { status: 409, code: 'ModelArts.3503', message: 'Service {name} already exists.' },
  body_too_large: { status: 413, code: 'ModelArts.9509', message: 'The request body exceeds {n} bytes.' },
  url_too_long: { status: 414, code: 'ModelArts.9509', message: 'The request URL exceeds {n} bytes.' },
  not_json: { status: 415, code: 'ModelArts.4105', message: 'Incorrect JSON format of the input data.' },
  too_many_requests: { status: 429, code: 'ModelArts.4206', message: 'Excessive number of requests to {path}.' },
  head_too_large: { status: 431, code: 'ModelArts.9509', message: 'The request head exceeds {n} bytes.' },
  internal: { status: 500, code: 'ModelArts.0010', message: 'Internal error.' },
  // Between server and worker only.
  unknown_credential: { status: 401, code: 'ModelArts.9600', message: 'The credential of the node is not known.' },
  unknown_join_token: { status: 401, code: 'ModelArts.9601', message: 'The join token is not known, used or expired.' },
  epoch_over: { status: 409, code: 'ModelArts.9602', message: 'The lease of epoch {epoch} is over; register again.' },
  not_ready: { status: 503, code: 'ModelArts.9510', message: 'The platform is not ready.' },
} as const
export type ApiErrorName = keyof typeof apiErrors

/** Codes inside `task.error`, written by workers and the reconciler; never API codes. */
export const taskErrorCodes = {
  urlUnreachable: 'VIN.201',
  urlRefused: 'VIN.202',
  urlNotFound: 'VIN.203',
  urlNotMedia: 'VIN.204',
  urlSilent: 'VIN.205',
  urlTls: 'VIN.206',
  urlCredentials: 'VIN.207',
  urlCodec: 'VIN.208',
  urlAddress: 'VIN.209',
  webhookRefused: 'VOUT.101',
  webhookUnreachable: 'VOUT.102',
  webhookAddress: 'VOUT.103',
  webhookGone: 'VOUT.104',
  startTimeout: 'VRT.001',
  workerLost: 'VRT.002',
  outOfMemory: 'VRT.003',
  engineCrashed: 'VRT.004',
  configInvalid: 'ALG.001',
} as const
export type TaskErrorCode = (typeof taskErrorCodes)[keyof typeof taskErrorCodes]
