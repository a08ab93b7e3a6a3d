export function noisePng(width: number, height: number, seed?: number, smooth?: boolean): Buffer;
export function pdf(text: string): Buffer;
