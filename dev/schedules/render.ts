import type { Schedule } from "../../src/contract/schedules.ts"

/** Sends one run. It retries for some minutes, which is safe: the idempotency key is derived from the script's start time. */
const script = ({ handler, idempotency, key, payload, service }: Schedule): ReadonlyArray<string> => [
  "now=$(date -u +%s)",
  `key="${typeof key === "string" ? key : key.shell}"`,
  `once="${idempotency.prefix}${idempotency.stamp.shell}"`,
  "exec curl -sS --fail-with-body --max-time 30 --retry 8 --retry-all-errors --retry-max-time 600 \\",
  `  -H "content-type: application/json" -H "idempotency-key: $once" \\`,
  `  \${RESTATE_API_KEY:+-H "authorization: Bearer $RESTATE_API_KEY"} \\`,
  `  -d '${JSON.stringify(payload)}' "$RESTATE_INGRESS/${service}/$key/${handler}/send"`
]

const generated = "# Written by `npm run schedules` from src/contract/schedules.ts."

const cronJob = (schedule: Schedule): string => `apiVersion: batch/v1
kind: CronJob
metadata:
  name: control-plane-worker-${schedule.name}
  labels:
    app.kubernetes.io/name: control-plane-worker-cron
spec:
  schedule: "${schedule.cron}"
  timeZone: Etc/UTC
  concurrencyPolicy: Forbid
  # Missed by more than this, it is for the next one: a date's refill must not be asked for on another date.
  startingDeadlineSeconds: 600
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 2
      activeDeadlineSeconds: 900
      ttlSecondsAfterFinished: 86400
      template:
        metadata:
          labels:
            app.kubernetes.io/name: control-plane-worker-cron
        spec:
          restartPolicy: Never
          enableServiceLinks: false
          automountServiceAccountToken: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 65532
            runAsGroup: 65532
            seccompProfile:
              type: RuntimeDefault
          containers:
            - name: fire
              image: control-plane-worker
              args: [cron, ${schedule.name}]
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities:
                  drop: [ALL]
              # A firing takes 0.3 s of CPU and 118 MiB at most (measured on the bundle, five times).
              resources:
                requests:
                  cpu: 50m
                  memory: 128Mi
                limits:
                  memory: 256Mi
              env:
                - name: RESTATE_INGRESS
                  value: http://restate.restate:8080
                - name: RESTATE_API_KEY
                  valueFrom:
                    secretKeyRef:
                      name: control-plane-worker-ingress
                      key: RESTATE_API_KEY
                      optional: true
`

/** Kubernetes CronJobs for all schedules. */
export const renderCronJobs = (schedules: ReadonlyArray<Schedule>): string =>
  `${generated}\n${schedules.map(cronJob).join("---\n")}`

/** A crontab entry is one line, and cron treats an unescaped percent sign as a line break. */
const crontabLine = (schedule: Schedule): string => {
  const line = script(schedule)
    .map((part) => part.replace(/ \\$/, " "))
    .join("; ")
    .replaceAll(" ;   ", " ")
    .replaceAll(" ;  ", " ")
  return `${schedule.cron} ${line.replaceAll("%", "\\%")}`
}

/** A crontab with all schedules, for a machine in UTC. */
export const renderCrontab = (schedules: ReadonlyArray<Schedule>): string => `${generated}
# The machine's time zone must be UTC. Set RESTATE_API_KEY too where the ingress asks for one.
SHELL=/bin/sh
RESTATE_INGRESS=http://127.0.0.1:8080

${schedules.map(crontabLine).join("\n")}
`
