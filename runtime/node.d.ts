/** Methods that Node's Buffer has and @types/node leaves out. */
interface Buffer {
	latin1Slice(start: number, end: number): string;
	latin1Write(text: string, offset: number): number;
	utf8Slice(start?: number, end?: number): string;
	utf8Write(text: string, offset: number): number;
}
