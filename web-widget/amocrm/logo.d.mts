export declare const LOGOS: Readonly<Record<string, [number, number]>>;
export declare function logo(width: number, height: number): Buffer;
