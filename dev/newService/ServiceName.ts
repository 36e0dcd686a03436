import { Either, Schema } from "effect"

/** Nothing was written. */
export class NewServiceRefused extends Schema.TaggedError<NewServiceRefused>()("NewServiceRefused", {
  problem: Schema.String
}) {
  override get message() {
    return `No service: ${this.problem}`
  }
}

/** A service by the names that its files use. */
export interface ServiceName {
  /** `DatabaseBackup` */
  readonly pascal: string
  /** `databaseBackup` */
  readonly camel: string
  /** The name that Restate knows: `ctrl_worker.v1.DatabaseBackupService`. */
  readonly service: string
}

/** The names of a service, from a word such as `DatabaseBackup`. */
export const serviceName = (pascal: string): Either.Either<ServiceName, NewServiceRefused> => {
  if (!/^[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)*$/.test(pascal) || pascal.length > 40)
    return Either.left(new NewServiceRefused({ problem: `${pascal}: give a name such as DatabaseBackup` }))
  if (/(?:Service|Workflows)$/.test(pascal))
    return Either.left(new NewServiceRefused({ problem: `${pascal}: leave out the ending Service or Workflows` }))
  return Either.right({
    pascal,
    camel: `${pascal.charAt(0).toLowerCase()}${pascal.slice(1)}`,
    service: `ctrl_worker.v1.${pascal}Service`
  })
}
