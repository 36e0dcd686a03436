import { Effect } from "effect"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"

const triggers = {
  peer_instance_runs: `AFTER INSERT ON deployment_topology FOR EACH ROW
    INSERT INTO instances
      (id, deployment_id, workspace_id, project_id, region, k8s_name, address, cpu_millicores, memory_mib, status)
    SELECT CONCAT('ins_', LEFT(SHA2(CONCAT(NEW.region, NEW.deployment_id), 256), 40)), NEW.deployment_id, NEW.workspace_id, project_id,
      NEW.region, CONCAT(k8s_name, '-0'), CONCAT(k8s_name, '.', NEW.region), 250, 256, 'running'
    FROM deployments WHERE id = NEW.deployment_id`,
  peer_sentinel_is_healthy: `BEFORE INSERT ON sentinels FOR EACH ROW
    SET NEW.health = 'healthy', NEW.available_replicas = NEW.desired_replicas`
}

/**
 * One running instance as soon as a topology row is written, and healthy sentinels, for as long as the scope: without a krane
 * that polls. A krane follows rows by version, and misses one that a worker commits after a newer one.
 */
export const instanceTriggers = (database: string) =>
  Effect.forEach(
    Object.entries(triggers),
    ([name, definition]) => {
      const drop = queryServer(database, `DROP TRIGGER IF EXISTS ${name}`)
      const create = queryServer(database, `CREATE TRIGGER ${name} ${definition}`)
      return Effect.acquireRelease(Effect.zipRight(drop, create), () => Effect.ignore(drop))
    },
    { discard: true }
  )
