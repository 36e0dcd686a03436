/** Leads to the certificates that expire soon, of which there should be none. Repeatable the way 0002 is. */
export const certificateExpiry: ReadonlyArray<string> = [
  `SET @certificate_expiry = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'acme_challenges' AND index_name = 'acme_challenges_expires_at_idx') = 0,
    'CREATE INDEX \`acme_challenges_expires_at_idx\` ON \`acme_challenges\` (\`expires_at\`)', 'DO 0')`,
  "PREPARE certificate_expiry FROM @certificate_expiry",
  "EXECUTE certificate_expiry",
  "DEALLOCATE PREPARE certificate_expiry"
]
