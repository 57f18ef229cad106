import type { LintRule } from "../contract.ts";
import { argsWithoutCommand, containerEnvLoses, shadowedCommand } from "./commands.ts";
import { imageReference } from "./images.ts";
import { outputNotKept, tarIsNoImage } from "./outputs.ts";
import { pluginVersion } from "./plugins.ts";
import { fieldKind, unknownField } from "./pod-fields.ts";
import { podSecurity, unwritableCheckout } from "./pod-security.ts";
import { controllerRefuses, invalidPod, missingVolume, reservedContainer, reservedVolume } from "./refused-pod.ts";
import { unsetVariable } from "./unset-variable.ts";
import { cacheNotKept } from "./volumes.ts";

/** All rules of `cooper step lint`, besides what reading the file finds. */
export const lintRules: readonly LintRule[] = [
  argsWithoutCommand,
  cacheNotKept,
  containerEnvLoses,
  controllerRefuses,
  fieldKind,
  imageReference,
  invalidPod,
  missingVolume,
  outputNotKept,
  pluginVersion,
  podSecurity,
  reservedContainer,
  reservedVolume,
  shadowedCommand,
  tarIsNoImage,
  unknownField,
  unsetVariable,
  unwritableCheckout,
];
