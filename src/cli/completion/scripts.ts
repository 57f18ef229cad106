import { CooperError } from "../../kit/index.ts";

/** Scripts that make a shell ask the command itself what may follow (`candidates`). */
const scripts: Readonly<Record<string, string>> = {
  bash: `# Completion of buildctl for bash: source <(buildctl completion bash)
_buildctl_complete() {
  local current="\${COMP_WORDS[COMP_CWORD]}"
  local -a words=("\${COMP_WORDS[@]:0:COMP_CWORD}")
  case "$current" in -*) words+=("$current") ;; esac
  COMPREPLY=()
  local line
  while IFS= read -r line; do
    case "\${line%%:*}" in "$current"*) COMPREPLY+=("\${line%%:*}") ;; esac
  done < <("\${words[@]}" --generate-shell-completion 2>/dev/null)
}
complete -o bashdefault -o default -F _buildctl_complete buildctl
`,
  zsh: `#compdef buildctl
# Completion of buildctl for zsh: source <(buildctl completion zsh)
_buildctl() {
  local -a asked options
  asked=("\${(@)words[1,CURRENT-1]}")
  [[ "\${words[CURRENT]}" == -* ]] && asked+=("\${words[CURRENT]}")
  options=("\${(@f)$("\${asked[@]}" --generate-shell-completion 2>/dev/null)}")
  if [[ -n "\${options[1]}" ]]; then _describe 'values' options; else _files; fi
}
compdef _buildctl buildctl
`,
  fish: `# Completion of buildctl for fish: buildctl completion fish | source
function __buildctl_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    string match -q -- '-*' $current; and set -a words $current
    $words --generate-shell-completion 2>/dev/null | string replace ':' \\t
end
complete -c buildctl -e
complete -c buildctl -f -a '(__buildctl_complete)'
`,
  pwsh: `# Completion of buildctl for PowerShell: buildctl completion pwsh | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName buildctl -ScriptBlock {
    param($word, $line, $at)
    $words = @($line.CommandElements | ForEach-Object { $_.ToString() })
    if ($word -and -not $word.StartsWith('-')) { $words = $words[0..($words.Count - 2)] }
    $rest = @($words | Select-Object -Skip 1) + '--generate-shell-completion'
    & $words[0] $rest 2>$null | ForEach-Object {
        $name, $text = $_.Split(':', 2)
        if ($name.StartsWith($word)) {
            [System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterValue', $text)
        }
    }
}
`,
};

/** The script for a shell. Throws `cli/bad-value` with upstream's words. */
export function completionScript(shell: string | undefined): string {
  const shells = `available shells are [${Object.keys(scripts).sort().join(" ")}]`;
  if (shell === undefined) {
    throw new CooperError("cli/bad-value", `no shell provided for completion command. ${shells}`);
  }
  const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
  if (script === undefined) throw new CooperError("cli/bad-value", `unknown shell ${shell}, ${shells}`);
  return script;
}
