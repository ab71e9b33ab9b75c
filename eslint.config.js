import js from '@eslint/js';
import globals from 'globals';

export default [
	{
		ignores: [
			'native/**',
			'dist/**',
			'target/**',
			'**/build/**',
			'**/.svelte-kit/**',
			'**/node_modules/**'
		]
	},
	js.configs.recommended,
	{
		languageOptions: { globals: globals.node, ecmaVersion: 'latest', sourceType: 'module' },
		linterOptions: { reportUnusedDisableDirectives: 'error' },
		rules: {
			'no-unused-vars': [
				'error',
				{ argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }
			],
			'prefer-const': 'error',
			eqeqeq: ['error', 'always', { null: 'ignore' }]
		}
	},
	{
		// pages and the tests that drive them
		files: ['**/src/**', '__test__/browser/**', 'client/**'],
		languageOptions: { globals: { ...globals.browser, ...globals.node } }
	}
];
