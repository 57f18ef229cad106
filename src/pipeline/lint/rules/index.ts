import type { LintRule } from "../contract.ts";
import { argsWithoutCommand, containerEnvLoses, reservedContainer, shadowedCommand } from "./commands.ts";
import { imageReference } from "./images.ts";
import { outputNotKept, tarIsNoImage } from "./outputs.ts";
import { fieldKind, unknownField } from "./pod-fields.ts";
import { podSecurity, unwritableCheckout } from "./pod-security.ts";
import { unsetVariable } from "./unset-variable.ts";
import { cacheNotKept, missingVolume, reservedVolume } from "./volumes.ts";

/** All rules of `cooper step lint`, besides what reading the file finds. */
export const lintRules: readonly LintRule[] = [
  argsWithoutCommand,
  cacheNotKept,
  containerEnvLoses,
  fieldKind,
  imageReference,
  missingVolume,
  outputNotKept,
  podSecurity,
  reservedContainer,
  reservedVolume,
  shadowedCommand,
  tarIsNoImage,
  unknownField,
  unsetVariable,
  unwritableCheckout,
];
