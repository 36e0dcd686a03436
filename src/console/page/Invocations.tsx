import type { ListedInvocationJson } from "../api/invocations.ts"
import { getAnswer } from "./api.ts"
import { invocationColumns, shortService } from "./invocationColumns.tsx"
import { ListPage } from "./ListPage.tsx"
import { SelectFilter, TextFilter } from "./ui/filters.tsx"
import { useResource } from "./ui/resource.tsx"

const statuses = [
  { value: "", text: "Any status" },
  { value: "open", text: "Open" },
  { value: "paused", text: "Paused" },
  { value: "failed", text: "Failed" },
  { value: "completed", text: "Completed" }
]

const Filters = () => {
  const services = useResource("services", (signal) => getAnswer<ReadonlyArray<string>>("/api/services", signal), 0)
  const names = services.data?.data ?? []
  return (
    <>
      <TextFilter name="q" label="Find" placeholder="Deployment, domain, project, key or invocation id" />
      <SelectFilter name="status" label="Status" options={statuses} />
      <SelectFilter
        name="service"
        label="Service"
        options={[{ value: "", text: "All services" }, ...names.map((value) => ({ value, text: shortService(value) }))]}
      />
    </>
  )
}

export const Invocations = () => (
  <ListPage<ListedInvocationJson>
    title="Invocations"
    path="/invocations"
    parameters={["q", "status", "service"]}
    filters={<Filters />}
    columns={invocationColumns}
    keyOf={({ id }) => id}
    none="Restate keeps no invocation of this worker."
    noMatch="No invocation matches these filters. Restate forgets completed ones after their retention, a day for most."
  />
)
