/** The field by which a form is told from the same form sent again. */
export const REQUEST_KEY = 'requestKey';
