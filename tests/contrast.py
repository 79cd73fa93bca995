"""Measure the contrast of all text on a page, as WCAG 2.2 counts it (1.4.3)."""

from __future__ import annotations

from playwright.sync_api import Page

LEAST = 4.5
_PALE = """(least) => {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.canvas.width = canvas.canvas.height = 1;
  const parsed = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) =>
    [0, 1, 2].map((n) => top[n] * top[3] + below[n] * (1 - top[3])).concat(1);
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const canvasColour = dark ? [18, 18, 18, 1] : [255, 255, 255, 1];
  const seen = (node) => {
    const box = node.getBoundingClientRect();
    return box.width && box.height && getComputedStyle(node).visibility !== "hidden";
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const pale = [];
  let count = 0;
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    const text = texts.currentNode.textContent.trim();
    if (!text || !seen(node) || node.closest(":disabled")) continue;
    count += 1;
    let opacity = 1;
    const layers = [];
    for (let up = node; up; up = up.parentElement) {
      const style = getComputedStyle(up);
      opacity *= Number(style.opacity);
      layers.push(parsed(style.backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    const ground = layers.reduceRight((below, top) => over(top, below), canvasColour);
    const style = getComputedStyle(node);
    const ink = parsed(node instanceof SVGElement ? style.fill : style.color);
    ink[3] *= opacity;
    const [a, b] = [luminance(over(ink, ground)), luminance(ground)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < least) pale.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return [count, pale];
}"""


def too_pale(page: Page) -> tuple[int, list[str]]:
    """Return how many texts are seen, and those below a contrast of 4.5."""
    count, pale = page.evaluate(_PALE, LEAST)
    return count, pale
