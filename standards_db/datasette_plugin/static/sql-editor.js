// Turns the SQL box of the query page into an editor; without script it stays a plain text box.
(() => {
  const box = document.querySelector("textarea#sql-editor");
  if (!box || !window.CodeMirror) return;
  const editor = CodeMirror.fromTextArea(box, { lineNumbers: true, mode: "text/x-sql", lineWrapping: true });
  editor.getInputField().setAttribute("aria-label", "SQL");
  editor.setOption("extraKeys", { "Shift-Enter": () => box.form.submit(), Tab: false });
})();
