import { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Schema } from "effect"
import { workerLogin } from "./database.ts"

/** Every change of a project's live position, written by the database itself: what happened twice stands here twice. */
const recordSwitches = [
  `CREATE TABLE chaos_switches (
     pk BIGINT AUTO_INCREMENT PRIMARY KEY, project_id VARCHAR(256) NOT NULL,
     live VARCHAR(256), rolled_back BOOLEAN NOT NULL, KEY (project_id))`,
  `CREATE TRIGGER chaos_switched AFTER UPDATE ON projects FOR EACH ROW
     IF NOT (NEW.live_deployment_id <=> OLD.live_deployment_id AND NEW.is_rolled_back <=> OLD.is_rolled_back) THEN
       INSERT INTO chaos_switches (project_id, live, rolled_back)
       VALUES (NEW.id, NEW.live_deployment_id, NEW.is_rolled_back);
     END IF`
]

/** Outside of transactions, so that the count survives the failure it counts. */
const faultTable =
  "CREATE TABLE chaos_faults (pk BIGINT AUTO_INCREMENT PRIMARY KEY, errno INT NOT NULL) ENGINE = MyISAM"

const written = [
  ["deployments", "UPDATE"],
  ["deployment_steps", "INSERT"],
  ["deployment_steps", "UPDATE"],
  ["deployment_topology", "INSERT"],
  ["frontline_routes", "INSERT"],
  ["frontline_routes", "UPDATE"],
  ["projects", "UPDATE"]
] as const

/** One row in ten fails, half as a deadlock (1213) and half as a lock that was not granted in time (1205). */
const failingWrite = (table: string, event: string) => `
  CREATE TRIGGER chaos_${table}_${event.toLowerCase()} BEFORE ${event} ON ${table} FOR EACH ROW
  BEGIN
    DECLARE dice DOUBLE DEFAULT RAND();
    IF USER() LIKE '${workerLogin}@%' AND dice < 0.1 THEN
      IF dice < 0.05 THEN
        INSERT INTO chaos_faults (errno) VALUES (1213);
        SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock found when trying to get lock';
      ELSE
        INSERT INTO chaos_faults (errno) VALUES (1205);
        SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1205, MESSAGE_TEXT = 'Lock wait timeout exceeded';
      END IF;
    END IF;
  END`

/** Has the database keep the ledger, and fail writes when asked to. */
export const installLedger = ({ deadlocks }: { readonly deadlocks: boolean }) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const failing = deadlocks ? written.map(([table, event]) => failingWrite(table, event)) : []
    yield* Effect.forEach([...recordSwitches, faultTable, ...failing], (statement) => sql.unsafe(statement))
  })

const Switches = Schema.Array(
  Schema.Struct({ project_id: Schema.String, live: Schema.NullOr(Schema.String), rolled_back: Schema.Number })
)

export const switches = Effect.gen(function* () {
  const sql = yield* SqlClient
  return yield* sql`SELECT project_id, live, rolled_back FROM chaos_switches ORDER BY pk`
}).pipe(Effect.flatMap(Schema.decodeUnknown(Switches)))

const Counts = Schema.Array(Schema.Struct({ n: Schema.Number }))

/** One number from the database. */
export const count = (statement: string) =>
  Effect.flatMap(SqlClient, (sql) => sql.unsafe(statement)).pipe(
    Effect.flatMap(Schema.decodeUnknown(Counts)),
    Effect.map((rows) => rows[0]?.n ?? 0)
  )
