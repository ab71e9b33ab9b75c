/* global RELEASE */
if (RELEASE === 'broken') throw new Error('this release cannot start');
