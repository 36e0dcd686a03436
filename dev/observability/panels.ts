/** A query of a panel and the legend of its series. */
export interface Query {
  /** PromQL with the dashboard's variables. */
  readonly expr: string
  readonly legend: string
}

export interface PanelSpec {
  readonly title: string
  readonly kind: "stat" | "timeseries"
  /** Grafana's unit id. */
  readonly unit: string
  /** What the panel shows, and when to act. */
  readonly description: string
  readonly queries: ReadonlyArray<Query>
  /** Red threshold. */
  readonly alarmAt?: number
}

export interface RowSpec {
  readonly title: string
  readonly panels: ReadonlyArray<PanelSpec>
}

const place = 'namespace=~"$namespace",job=~"$job"'
const ofService = `${place},service=~"$service"`

/** A metric of the worker, with the variables' and further matchers. */
const family = (name: string, where = place, more = "") =>
  `control_plane_worker_${name}{${where}${more === "" ? "" : `,${more}`}}`

/** prom-client's default metrics, which other Node programs export too: only those of workers. */
const ofProcess = (name: string) => `${name}{${place}} and on (namespace, job, instance) ${family("build_info")}`

const perSecond = (counter: string, ...by: ReadonlyArray<string>) =>
  `sum by (${by.join(", ")}) (rate(${counter}[$__rate_interval]))`

const quantile = (q: number, histogram: string, ...by: ReadonlyArray<string>) =>
  `histogram_quantile(${q}, sum by (${["le", ...by].join(", ")}) (rate(${histogram}[$__rate_interval])))`

const series = (
  title: string,
  unit: string,
  description: string,
  ...queries: ReadonlyArray<readonly [expr: string, legend: string]>
): PanelSpec => ({
  title,
  kind: "timeseries",
  unit,
  description,
  queries: queries.map(([expr, legend]) => ({ expr, legend }))
})

const number = (title: string, unit: string, description: string, expr: string, alarmAt?: number): PanelSpec => ({
  title,
  kind: "stat",
  unit,
  description,
  queries: [{ expr, legend: title }],
  ...(alarmAt === undefined ? {} : { alarmAt })
})

const failed = 'outcome=~"failed|defect"'

/** Zero if the invocation watch works, no value otherwise. */
const noneWhileWatched = `0 * max(${family("invocation_watch_up")} == 1)`

const overview: RowSpec = {
  title: "Overview",
  panels: [
    number("Replicas", "short", "Workers that are scraped.", `count(${family("build_info")})`),
    number(
      "Paused invocations",
      "short",
      "An operator has to resume them. No value while the watch cannot query Restate.",
      `sum(max by (namespace, job, service) (${family("paused_invocations", ofService)})) or ${noneWhileWatched}`,
      1
    ),
    number(
      "Stuck invocations",
      "short",
      "No progress for a quarter of an hour or longer, or waiting behind one that makes none.",
      `sum(max by (namespace, job, service) (${family("stuck_invocations", ofService)})) or ${noneWhileWatched}`,
      1
    ),
    number(
      "Replicas that watch",
      "short",
      "Replicas whose last question about paused and stuck invocations was answered by Restate's admin API.",
      `sum(${family("invocation_watch_up")})`
    ),
    number(
      "Attempts failing",
      "percentunit",
      "Failed attempts and defects among all that ended, without suspensions.",
      `sum(rate(${family("attempts_total", ofService, failed)}[$__rate_interval])) / sum(rate(${family("attempts_total", ofService, 'outcome!="suspended"')}[$__rate_interval]))`,
      0.5
    ),
    number(
      "Defects",
      "short",
      "Attempts of the last hour that met a condition the code does not expect. They are repeated, and pause in the end.",
      `sum(increase(${family("attempts_total", ofService, 'outcome="defect"')}[1h])) or vector(0)`,
      1
    ),
    series("Versions", "short", "Replicas by version: two of them for long mean an upgrade that stands still.", [
      `count by (version) (${family("build_info")})`,
      "{{version}}"
    ]),
    series("Attempts by outcome", "ops", "Suspended attempts are waits, not failures.", [
      perSecond(family("attempts_total", ofService), "outcome"),
      "{{outcome}}"
    ]),
    series("Attempts by handler", "ops", "What Restate asks the workers to do.", [
      perSecond(family("attempts_total", ofService), "service", "handler"),
      "{{service}}/{{handler}}"
    ]),
    series(
      "Failed steps",
      "ops",
      "Step bodies that failed, by step. A failure that the workflow expects is among them.",
      [perSecond(family("steps_total", ofService, failed), "service", "step"), "{{service}} {{step}}"]
    ),
    series("Failures of steps by error", "ops", "The class of the error, not its text: that is in the log.", [
      perSecond(family("step_failures_total", ofService), "step", "error"),
      "{{step}}: {{error}}"
    ]),
    series(
      "Paused and stuck",
      "short",
      "Per service.",
      [`max by (service) (${family("paused_invocations", ofService)})`, "paused: {{service}}"],
      [`max by (service) (${family("stuck_invocations", ofService)})`, "stuck: {{service}}"]
    ),
    series(
      "In flight",
      "short",
      "Attempts and step bodies that run at this moment.",
      [`sum by (service) (${family("attempts_in_flight", ofService)})`, "attempts: {{service}}"],
      [`sum by (service) (${family("steps_in_flight", ofService)})`, "steps: {{service}}"]
    ),
    series("Duration of steps, 95th percentile", "s", "The slowest step bodies; the longest allowed is a minute.", [
      quantile(0.95, family("step_duration_seconds_bucket", ofService), "service", "step"),
      "{{service}} {{step}}"
    ]),
    series("Duration of attempts, 95th percentile", "s", "An attempt ends when its handler ends or suspends.", [
      quantile(0.95, family("attempt_duration_seconds_bucket", ofService), "service", "handler"),
      "{{service}}/{{handler}}"
    ])
  ]
}

const deploys: RowSpec = {
  title: "Deploys and builds",
  panels: [
    series("Deploys by outcome", "short", "Ended per hour.", [
      `sum by (outcome) (increase(${family("deploy_duration_seconds_count")}[1h]))`,
      "{{outcome}}"
    ]),
    series(
      "Duration of deploys",
      "s",
      "From the deployment's creation until it is ready, with its wait for a build.",
      [quantile(0.5, family("deploy_duration_seconds_bucket", place, 'outcome="ready"')), "median"],
      [quantile(0.95, family("deploy_duration_seconds_bucket", place, 'outcome="ready"')), "95th percentile"]
    ),
    series("Builds", "short", "Running, and waiting for a slot of their workspace.", [
      `max by (state) (${family("builds")})`,
      "{{state}}"
    ]),
    series("Oldest waiting build", "s", "It is given up after two hours.", [
      `max(${family("oldest_waiting_build_seconds")})`,
      "age"
    ]),
    series("Steps of deploys", "ops", "Everything a deploy, promotion or rollback does, by step and outcome.", [
      perSecond(family("steps_total", place, 'service="hydra.v1.DeployService"'), "step", "outcome"),
      "{{step}} {{outcome}}"
    ]),
    series("Route changes and versions", "ops", "Attempts of the services behind a deploy.", [
      perSecond(
        family("attempts_total", place, 'service=~"hydra.v1.(Routing|Versioning|Deployment)Service"'),
        "service",
        "handler",
        "outcome"
      ),
      "{{service}}/{{handler}} {{outcome}}"
    ])
  ]
}

const domains: RowSpec = {
  title: "Domains and certificates",
  panels: [
    series("Renewals overdue", "short", "Certificates with less than a fifth of their life left.", [
      `max(${family("certificate_renewals_overdue")})`,
      "certificates"
    ]),
    series("Platform names taken", "short", "Tenants' rows with a name of the platform.", [
      `max(${family("platform_names_taken")})`,
      "rows"
    ]),
    series(
      "Certificates by remaining life",
      "short",
      "Each class ends where the next begins. Expired ones are those of domains that were given up.",
      [`max by (remaining) (${family("certificates")})`, "{{remaining}}"]
    ),
    series("Certificates issued and given up", "short", "Per hour.", [
      `sum by (kind, outcome) (increase(${family("certificate_issuances_total")}[1h]))`,
      "{{kind}} {{outcome}}"
    ]),
    series("Orders", "short", "Orders at the certificate authority, per hour.", [
      `sum by (outcome) (increase(${family("acme_orders_total")}[1h]))`,
      "{{outcome}}"
    ]),
    series(
      "Problems with certificates",
      "short",
      "By type (RFC 8555), per hour; rateLimited waits until the authority allows the next request.",
      [`sum by (type) (increase(${family("acme_problems_total")}[1h]))`, "{{type}}"]
    ),
    series("Renewal information", "short", "Answers about when to renew (RFC 9773), per hour.", [
      `sum by (answer) (increase(${family("acme_renewal_info_total")}[1h]))`,
      "{{answer}}"
    ]),
    series("Verifications of custom domains", "short", "Ended per hour; failed after 24 hours without success.", [
      `sum by (outcome) (increase(${family("domain_verifications_total")}[1h]))`,
      "{{outcome}}"
    ]),
    series(
      "Proofs of custom domains",
      "short",
      "Per day: TXT records of served domains that went missing, were missing for too long, or came back in time. Many at once are rarely the owners.",
      [`sum by (event) (increase(${family("domain_proofs_total")}[1d]))`, "{{event}}"]
    )
  ]
}

const upkeep: RowSpec = {
  title: "Upkeep",
  panels: [
    series("Items done by the latest run", "short", "Keys refilled and workspaces checked.", [
      `max by (task) (${family("job_items_done")})`,
      "{{task}}"
    ]),
    series(
      "Runs given up",
      "short",
      "Per day: runs that waited too long for what they need. The next firing begins anew.",
      [`sum by (task) (increase(${family("runs_given_up_total")}[1d]))`, "{{task}}"]
    ),
    series(
      "Runs finished",
      "short",
      "Per day. A refill runs at midnight UTC, certificates at 03:00, quotas at 15:00, idle previews every 15 minutes.",
      [
        `sum by (handler) (increase(${family("attempts_total", place, 'handler=~"RunRefill|RunCheck|RenewExpiringCertificates|ScaleDownIdlePreviewDeployments",outcome="succeeded"')}[1d]))`,
        "{{handler}}"
      ]
    ),
    series("Attempts of upkeep", "ops", "All handlers of refills, quotas, notices and idle previews.", [
      perSecond(
        family(
          "attempts_total",
          place,
          'service=~"hydra.v1.(KeyRefill|QuotaCheck)Service|ctrl_worker.v1.(QuotaNoticeService|IdlePreviews)"'
        ),
        "service",
        "handler",
        "outcome"
      ),
      "{{service}}/{{handler}} {{outcome}}"
    ])
  ]
}

const database: RowSpec = {
  title: "Database",
  panels: [
    series(
      "Connections in use",
      "short",
      "Per replica and pool; at most database.pool_size and database.replica_pool_size.",
      [
        `${family("database_pool_connections")} - ${family("database_pool_idle_connections")}`,
        "{{instance}} {{pool}} in use"
      ],
      [family("database_pool_connections"), "{{instance}} {{pool}} open"]
    ),
    series("Waiting for a connection", "short", "Callers in the queue of a pool. Any that lasts is a shortage.", [
      family("database_pool_queued_requests"),
      "{{instance}} {{pool}}"
    ])
  ]
}

const nodeProcess: RowSpec = {
  title: "Process",
  panels: [
    series("CPU", "percentunit", "Cores in use.", [
      `rate(process_cpu_seconds_total{${place}}[$__rate_interval]) and on (namespace, job, instance) ${family("build_info")}`,
      "{{instance}}"
    ]),
    series(
      "Memory",
      "bytes",
      "Resident, and the heap in use.",
      [ofProcess("process_resident_memory_bytes"), "{{instance}} resident"],
      [ofProcess("nodejs_heap_size_used_bytes"), "{{instance}} heap"]
    ),
    series(
      "Event loop lag",
      "s",
      "How late the event loop is. Above half a second every handler is slow.",
      [ofProcess("nodejs_eventloop_lag_p99_seconds"), "{{instance}} 99th percentile"],
      [ofProcess("nodejs_eventloop_lag_mean_seconds"), "{{instance}} mean"]
    ),
    series("Garbage collection", "percentunit", "Share of time.", [
      `sum by (instance, kind) (rate(nodejs_gc_duration_seconds_sum{${place}}[$__rate_interval]) and on (namespace, job, instance) ${family("build_info")})`,
      "{{instance}} {{kind}}"
    ]),
    series("Open files", "short", "File descriptors.", [ofProcess("process_open_fds"), "{{instance}}"]),
    series("Age", "s", "Since the process began.", [
      `time() - (${ofProcess("process_start_time_seconds")})`,
      "{{instance}}"
    ])
  ]
}

/** The dashboard's rows and panels, in reading order. */
export const rows: ReadonlyArray<RowSpec> = [overview, deploys, domains, upkeep, database, nodeProcess]
