// The schema as text, the same from every PostgreSQL: for a diff that people read and a test that compares.
import type { Connection } from './database.ts'

/** Where the text is kept. */
export const schemaFile = new URL('schema.sql', import.meta.url)

const heading = `-- The schema after all migrations. Written by \`npm run schema\`; a test compares it with the database.\n`

/** Tables by name, each with its columns in order, its constraints and its indexes. */
export async function describeSchema(db: Connection): Promise<string> {
  const { rows } = await db.query<{ name: string; columns: string[]; constraints: string[]; indexes: string[] }>(
    `select c.relname as name,
            (select array_agg(format('  %s %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
                                     case when l.collname = 'C' then ' collate "C"' else '' end,
                                     case when a.attnotnull then ' not null' else '' end,
                                     coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''))
                              order by a.attnum)
               from pg_attribute a
               left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
               left join pg_collation l on l.oid = a.attcollation
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
            (select array_agg('  ' || pg_get_constraintdef(k.oid) order by k.contype desc, k.conname collate "C")
               from pg_constraint k
              where k.conrelid = c.oid and k.contype <> 'n') as constraints,
            (select array_agg(pg_get_indexdef(i.indexrelid) || ';' order by x.relname collate "C")
               from pg_index i
               join pg_class x on x.oid = i.indexrelid
              where i.indrelid = c.oid
                and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid)) as indexes
       from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
      order by c.relname collate "C"`,
  )
  const tables = rows.map(({ name, columns, constraints, indexes }) => {
    const body = [...columns, ...(constraints ?? [])].join(',\n')
    return [`\ncreate table ${name} (\n${body}\n);`, ...(indexes ?? [])].join('\n')
  })
  return `${heading}${tables.join('\n')}\n`
}
