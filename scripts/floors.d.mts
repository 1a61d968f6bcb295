export interface Floor {
  readonly folder: string;
  readonly isPure: boolean;
  readonly what: string;
}

export declare const FLOORS: readonly Floor[];
export declare function foldersWhere(test: (floor: Floor, index: number) => boolean): string;
