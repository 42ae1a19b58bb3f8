import { resolveModule } from '../resolve.ts';
import { parseSpec } from '../spec.ts';

/**
 * The absolute path of the module to run as the main module, symbolic links left in it; null if the setting names an export, or if
 * there is no such module, which whoever imports it explains.
 */
export function programFile(app: string, cwd: string): string | null {
  try {
    const spec = parseSpec(app);
    return spec.path.length > 0 || spec.call !== null ? null : resolveModule(spec, cwd);
  } catch {
    return null;
  }
}
