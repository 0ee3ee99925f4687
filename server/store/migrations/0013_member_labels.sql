-- 0013_member_labels.sql: users who see and act on some of a project's tasks only.
-- JSON: the labels that a task must carry, all of them; null for no limit. The same in all roles of a user in a project.
alter table account_role add column labels text;
