// The operations on tasks beyond the ModelArts pages. Part of `operations`; read that table.
import { TaskDetails } from './task.ts'
import { BatchTasksRequest, BatchTasksResponse, ShowTaskHistoryResponse, UpdateTaskRequest } from './task-extras.ts'

const tasks = '/v1/{project_id}/services/{service_id}/tasks'
const task = `${tasks}/{task_id}`

export const taskOperations = {
  UpdateTask: { method: 'PUT', path: task, status: 200, request: UpdateTaskRequest, response: TaskDetails },
  ShowTaskHistory: { method: 'GET', path: `${task}/history`, status: 200, response: ShowTaskHistoryResponse },
  BatchTasks: {
    method: 'POST',
    path: `${tasks}/batch`,
    status: 202,
    request: BatchTasksRequest,
    response: BatchTasksResponse,
  },
} as const
