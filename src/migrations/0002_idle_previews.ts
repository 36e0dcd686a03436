/**
 * Leads the search for idle previews from one running, ready deployment to the next: InnoDB appends the primary key to every
 * index, so the entries of one state and status lie in the order of `pk`. MySQL knows no CREATE INDEX IF NOT EXISTS, hence the
 * detour over a prepared statement.
 */
export const idlePreviews: ReadonlyArray<string> = [
  `SET @idle_scan = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'deployments' AND index_name = 'deployments_idle_scan_idx') = 0,
    'CREATE INDEX \`deployments_idle_scan_idx\` ON \`deployments\` (\`desired_state\`, \`status\`)', 'DO 0')`,
  "PREPARE idle_scan FROM @idle_scan",
  "EXECUTE idle_scan",
  "DEALLOCATE PREPARE idle_scan"
]
