/**
 * What all plots share: text, colours of the servers by light and dark, and the frame. A plot adds
 * its own classes.
 */

/** @param {string} text */
export const escape = (text) => text.replace(/[<>&"]/g, (char) => `&#${char.charCodeAt(0)};`);

/**
 * A colour by name, in light and in dark; a class of the same name fills with it, and one of the
 * name with `-line` draws with it
 */
const COLOURS = {
	strong: ['#24292f', '#f0f6fc'],
	grid: ['#d0d7de', '#3d444d'],
	node: ['#8c959f', '#6e7681'],
	again: ['#8c959f', '#6e7681'],
	uws: ['#54709c', '#54709c'],
	nginx: ['#4d8f6a', '#4d8f6a'],
	kit: ['#d0b06a', '#d0b06a'],
	oxide: ['#b7410e', '#f0883e']
};

/** @param {0 | 1} shade */
const colours = (shade) =>
	Object.entries(COLOURS).map(
		([name, shades]) =>
			`.${name} { fill: ${shades[shade]}; } .${name}-line { stroke: ${shades[shade]}; }`
	);

/**
 * @param {object} plot
 * @param {number} plot.width
 * @param {number} plot.height
 * @param {string} plot.label what there is to see, for those who do not see it
 * @param {string} [plot.style] further rules
 * @param {string} plot.content
 */
export function document({ width, height, label, style = '', content }) {
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(label)}">
	<style>
		text { font: 12px system-ui, sans-serif; fill: #57606a; }
		.title { font-weight: 600; }
		path { fill: none; }
		${colours(0).join('\n\t\t')}
		@media (prefers-color-scheme: dark) {
			text { fill: #9198a1; }
			${colours(1).join('\n\t\t\t')}
		}${style && `\n\t\t${style}`}
	</style>${content}
</svg>
`;
}
