/** What this folder uses of a node of solc's syntax tree. */
export interface Node {
  id: number;
  nodeType: string;
  /** Byte offset, byte length and source index, joined by colons. */
  src: string;
  [key: string]: unknown;
}

export interface Range {
  start: number;
  end: number;
}

/** Where a node stands in its file, in bytes. */
export function rangeOf(node: Node): Range {
  const [start = 0, length = 0] = node.src.split(":").map(Number);
  return { start, end: start + length };
}

/** The node in this member, undefined where it holds none. */
export function memberOf(node: Node, member: string): Node | undefined {
  const value = node[member];
  return isNode(value) ? value : undefined;
}

/** The nodes in this member, which is a list; gaps (as in `(a, , b)`) are left out. */
export function listOf(node: Node, member: string): Node[] {
  const value = node[member];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

export function textOf(node: Node, member: string): string {
  const value = node[member];
  return typeof value === "string" ? value : "";
}

/** An expression's type as solc writes it, such as `uint256`. */
export function typeOf(node: Node): string {
  const descriptions = node["typeDescriptions"] as { typeString?: string | null } | undefined;
  return descriptions?.typeString ?? "";
}

export function childrenOf(node: Node): Node[] {
  return Object.values(node).flatMap((value) =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
  );
}

/** Every node of the tree with its ancestors, the nearest first. */
export function* walk(node: Node, ancestors: Node[] = []): Generator<[node: Node, ancestors: Node[]]> {
  yield [node, ancestors];
  for (const child of childrenOf(node)) yield* walk(child, [node, ...ancestors]);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "nodeType" in value && "src" in value;
}
