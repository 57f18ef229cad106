/**
 * Kubernetes' expansion: `$(NAME)` becomes the variable's value, or stays when there is none; `$$` becomes `$`, so that `$$(NAME)` is
 * `$(NAME)`.
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) => {
    if (name === undefined) return "$";
    return variables.get(name) ?? whole;
  });
}
