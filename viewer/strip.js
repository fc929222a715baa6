// Frames too narrow for a text, drawn as pixels: a picture with one row of pixels for each visible level, which is
// then stretched to the height of the rows. Tens of thousands of slivers cost less than as many rectangles.
export class Strip {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d");
    this.width = 0;
    this.rows = 0;
  }

  // Starts a picture of the given size in device pixels.
  begin(width, rows) {
    if (width !== this.width || rows !== this.rows) {
      [this.width, this.rows] = [width, rows];
      this.canvas.width = width;
      this.canvas.height = rows;
      this.image = new ImageData(width, rows);
      this.pixels = new Uint32Array(this.image.data.buffer);
    } else {
      this.pixels.fill(0);
    }
    this.used = new Uint8Array(rows);
  }

  // Pixels from `from` up to but not including `to` of a row. The colour is 0xbbggrr, the opacity from 0 to 1.
  fill(row, from, to, color, opacity) {
    this.used[row] = 1;
    const start = row * this.width;
    const value = ((Math.round(255 * opacity) << 24) | color) >>> 0;
    this.pixels.fill(value, start + Math.max(0, from), start + Math.min(this.width, to));
  }

  // Shows the picture: row r goes to y = top(r) of `context`.
  finish(context, width, height, top) {
    this.context.putImageData(this.image, 0, 0);
    context.imageSmoothingEnabled = false;
    for (let row = 0; row < this.rows; ++row) {
      if (this.used[row]) context.drawImage(this.canvas, 0, row, this.width, 1, 0, top(row), width, height);
    }
  }
}
