// Rewrites server/store/schema.sql: the schema after all migrations, as the database itself tells it.
import { writeFile } from 'node:fs/promises'
import { describeSchema, schemaFile } from '@sightline/server/store/describe-schema.ts'
import { openTestDatabase } from '@sightline/server/store/open-test-database.ts'

await using opened = await openTestDatabase()
await writeFile(schemaFile, await describeSchema(opened.database))
