export { copy, mkdir, mkfile, runActions } from "./file-actions.ts";
export { openWorkbench, type Workbench } from "./workbench.ts";
