/** A scan of a text, one UTF-16 code unit at a time. */
export interface SecretScan {
  /** Consumes the next unit; returns the length of the longest secret that ends with it, else 0. */
  readonly next: (unit: number) => number
  /** How many of the last units may be the start of a secret. */
  readonly pending: () => number
}

const root = 0

/** At most half full, which keeps probes short. */
const slotsFor = (nodes: number): number => 2 ** Math.ceil(Math.log2(2 * nodes + 2))

/**
 * Finds secrets in a text in time linear in its length, for any number of secrets and any content: a tenant controls both. Uses
 * the Aho-Corasick automaton (Efficient string matching, CACM 18, 1975). Memory: 20 to 30 bytes per unit of a secret.
 */
export const secretMatcher = (secrets: ReadonlyArray<string>): (() => SecretScan) => {
  const capacity = secrets.reduce((sum, { length }) => sum + length, 1)
  const parent = new Int32Array(capacity)
  const unitOf = new Uint16Array(capacity)
  const depth = new Int32Array(capacity)
  /** The longest proper suffix that is also a prefix of a secret. */
  const fallback = new Int32Array(capacity)
  /** Length of the longest secret that ends here. */
  const longest = new Int32Array(capacity)
  // Open addressing: a slot holds a node, which stores its parent; 0 is the root and has none.
  const slots = new Int32Array(slotsFor(capacity))
  let nodes = 1

  const slotOf = (node: number, unit: number): number => {
    let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(unit + 1, 0x85ebca6b)) & (slots.length - 1)
    for (;;) {
      const child = slots[slot] ?? root
      if (child === root || (parent[child] === node && unitOf[child] === unit)) return slot
      slot = (slot + 1) & (slots.length - 1)
    }
  }
  const childOf = (node: number, unit: number): number => slots[slotOf(node, unit)] ?? root

  const follow = (from: number, unit: number): number => {
    let node = from
    for (;;) {
      const child = childOf(node, unit)
      if (child !== root || node === root) return child
      node = fallback[node] ?? root
    }
  }

  for (const secret of secrets) {
    let node = root
    for (let at = 0; at < secret.length; at++) {
      const unit = secret.charCodeAt(at)
      const slot = slotOf(node, unit)
      if (slots[slot] === root) {
        slots[slot] = nodes
        parent[nodes] = node
        unitOf[nodes] = unit
        depth[nodes] = at + 1
        nodes += 1
      }
      node = slots[slot] ?? root
    }
    longest[node] = secret.length
  }
  // By depth: a node's fallback is less deep than the node.
  const ordered = Float64Array.from({ length: nodes }, (_, node) => (depth[node] ?? 0) * capacity + node).sort()
  for (const key of ordered) {
    const node = key % capacity
    const above = parent[node] ?? root
    if (above !== root) fallback[node] = follow(fallback[above] ?? root, unitOf[node] ?? 0)
    longest[node] = Math.max(longest[node] ?? 0, longest[fallback[node] ?? root] ?? 0)
  }

  return () => {
    let node = root
    return {
      next: (unit) => {
        node = follow(node, unit)
        return longest[node] ?? 0
      },
      pending: () => depth[node] ?? 0
    }
  }
}
