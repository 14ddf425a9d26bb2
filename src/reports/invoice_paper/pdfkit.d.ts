/** What is used here of pdfkit: it has no types of its own, and those that others have written need Node's. */
declare module 'pdfkit' {
  interface TextOptions {
    lineBreak: false
    baseline: 'alphabetic'
    fill?: boolean
    stroke?: boolean
  }

  export class PDFDocument {
    constructor(options: {
      size: 'A4'
      margin: number
      bufferPages: boolean
      lang: string
      displayTitle: boolean
      /** Empty: none of the fonts that every reader of PDF has. */
      font: ''
      info: Readonly<Record<string, string | Date>>
    })
    registerFont: (name: string, font: Uint8Array) => this
    font: (name: string, size: number) => this
    widthOfString: (text: string) => number
    text: (text: string, x: number, y: number, options: TextOptions) => this
    fillColor: (color: string) => this
    strokeColor: (color: string) => this
    lineWidth: (width: number) => this
    moveTo: (x: number, y: number) => this
    lineTo: (x: number, y: number) => this
    roundedRect: (x: number, y: number, width: number, height: number, radius: number) => this
    stroke: () => this
    save: () => this
    restore: () => this
    rotate: (degrees: number, options: { origin: [x: number, y: number] }) => this
    opacity: (opacity: number) => this
    addPage: () => this
    bufferedPageRange: () => { start: number; count: number }
    switchToPage: (page: number) => void
    end: () => void
  }
}

declare module 'pdfkit/output' {
  import type { PDFDocument } from 'pdfkit'

  export const toBytes: (document: PDFDocument) => Promise<Uint8Array>
}
