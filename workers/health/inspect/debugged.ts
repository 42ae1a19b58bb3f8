/** Why nothing is looked at then: a developer may hold the process, and would see it go on. */
export const DEBUGGED = 'a debugger may be connected, as the inspector of the worker is open';
