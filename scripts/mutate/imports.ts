import { listOf, textOf, type Node } from "./ast.ts";
import type { Sources } from "./compile.ts";

/** Which file imports which, ours and those of libraries. */
export class Imports {
  readonly #imports: Map<string, string[]>;

  constructor(trees: Map<string, Node>) {
    const pathsIn = (tree: Node) => listOf(tree, "nodes").map((node) => textOf(node, "absolutePath"));
    this.#imports = new Map([...trees].map(([path, tree]) => [path, pathsIn(tree)]));
  }

  /** The files whose contracts may get other code when this one is changed: itself, and all that import it. */
  dependentsOf(path: string): string[] {
    return closureOf([path], (imported) =>
      [...this.#imports].filter(([, paths]) => paths.includes(imported)).map(([importer]) => importer),
    );
  }

  /** All sources that have a part in the code of those. */
  programOf(path: string, sources: Sources): Sources {
    const paths = closureOf(this.dependentsOf(path), (importer) => this.#imports.get(importer) ?? []);
    return new Map([...sources].filter(([own]) => paths.includes(own)));
  }
}

function closureOf(paths: string[], next: (path: string) => string[]): string[] {
  const found = new Set(paths);
  // A set is walked in the order of its growth.
  for (const path of found) for (const more of next(path)) found.add(more);
  return [...found];
}
