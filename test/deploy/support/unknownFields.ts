/**
 * The paths that a check of an object never looked at: fields that its schema does not know. The schemas of kubernetes-models leave
 * unknown fields alone, as Kubernetes' own do; the API server refuses them only in strict mode.
 */
export const unknownFields = (check: (value: object) => void, object: object): ReadonlyArray<string> => {
  const read = new Set<string>()
  const all: Array<string> = []
  const watched = (value: object, path: string): object => {
    const children = new Map<string, unknown>()
    for (const [key, child] of Object.entries(value)) {
      const at = `${path}/${key}`
      all.push(at)
      children.set(key, typeof child === "object" && child !== null ? watched(child, at) : child)
    }
    return new Proxy(value, {
      get: (target, key) => {
        if (typeof key === "string") read.add(`${path}/${key}`)
        return typeof key === "string" && children.has(key) ? children.get(key) : Reflect.get(target, key)
      }
    })
  }
  check(watched(object, ""))
  return all.filter((path) => !read.has(path))
}
