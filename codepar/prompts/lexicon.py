"""The words that requests are made of, in English, German, Spanish, Russian, Chinese and Japanese, and what they stand for.

A tag says what a word does in a request, not its part of speech. Words of languages that inflect are stems, marked ``*``.
Limits: a vocabulary of requests about code and of everyday lists; a word that is not here is read as content.
"""

from __future__ import annotations

from enum import StrEnum


class Tag(StrEnum):
    """What a word stands for."""

    READ = "read"
    CHANGE = "change"
    TEST = "test"
    WRITE = "write"
    COMPARE = "compare"
    EACH = "each"
    ALL = "all"
    THESE = "these"
    THE = "the"
    A = "a"
    FOR = "for"
    WITH = "with"
    THAT = "that"
    THEM = "them"
    AND = "and"
    POLITE = "polite"
    THEN = "then"
    QUESTION = "question"
    FUNCTION = "function"
    KERNEL = "kernel"
    SUBROUTINE = "subroutine"
    METHOD = "method"
    CLASS = "class"
    STRUCT = "struct"
    LOOP = "loop"
    FILE = "file"
    SNIPPET = "snippet"
    TASK = "task"
    """What a list of tasks is called."""
    ALIKE = "alike"
    """Answers that are asked for by number: variants, ideas."""
    ARTIFACT = "artifact"
    """One thing that is made as a whole."""
    DETAIL = "detail"
    """What announces requirements, data or steps of one task."""
    MEASURE = "measure"
    """What is counted without being asked for: ranks, lines, bytes."""
    PLURAL = "plural"
    EXCEPT = "except"
    INNER = "inner"


_EN = {
    Tag.READ: "explain explains describe document comment annotate review summarize summarise analyze analyse"
    " audit check inspect critique"
    " docstring docstrings doxygen complexity walk define clarify evaluate assess estimate diagnose"
    " spot say classify categorize categorise rate label judge identify detect determine extract count"
    " docs documentation comments understand",
    Tag.CHANGE: "translate convert port rewrite optimize optimise parallelize parallelise vectorize vectorise refactor"
    " fix add replace migrate"
    " turn inline unroll transform accelerate offload simplify modernize modernise clean rename instrument"
    " speed make change update improve"
    " adapt restructure extend remove patch move put insert debug annotate complete fill calculate compute"
    " correct proofread paraphrase shorten rephrase harden tune"
    " give apply reimplement re-implement transpile cudaize tile",
    Tag.TEST: "test tests unittest unittests pytest benchmark benchmarks fuzz testcase testcases profile measure",
    Tag.WRITE: "write implement create generate give make produce design draft list suggest propose provide show"
    " code build need want name"
    " come brainstorm recommend tell develop compose prepare sketch invent answer solve find get print plot draw outline"
    " construct devise craft gimme formulate supply offer",
    Tag.COMPARE: "compare rank choose pick select combine merge fuse unify contrast differ difference differences"
    " versus vs decide",
    Tag.EACH: "each every individually separately per respectively",
    Tag.ALL: "all both",
    Tag.THESE: "these those following below above attached here this next same aforementioned shown pasted"
    " listed provided underneath",
    Tag.THE: "the my our your",
    Tag.A: "a an one single",
    Tag.FOR: "for of to per in on",
    Tag.WITH: "with using via without having where",
    Tag.THAT: "that which who whose calling calls so",
    Tag.THEM: "them they it",
    Tag.AND: "and or plus &",
    Tag.POLITE: "please pls plz kindly can could would will you u me us i we need want like help just hi hello hey"
    " also now to let's lets go"
    " ahead and so ok okay thanks just first second third finally lastly next then",
    Tag.THEN: "then afterwards afterward subsequently",
    Tag.QUESTION: "what how why when where which who is are does do can should could",
    Tag.FUNCTION: "function func fn routine procedure functions funcs fns routines procedures helpers helper",
    Tag.KERNEL: "kernel kernels",
    Tag.SUBROUTINE: "subroutine subroutines",
    Tag.METHOD: "method methods",
    Tag.CLASS: "class classes",
    Tag.STRUCT: "struct structs structure structures",
    Tag.LOOP: "loop loops nests nest",
    Tag.FILE: "file files source sources program programs script scripts module modules header headers attachment attachments",
    Tag.SNIPPET: "snippet snippets block blocks piece pieces fragment fragments codes listing listings",
    Tag.TASK: "task tasks wishes chores favours favors"
    " question questions exercise exercises problem problems request requests thing things"
    " job jobs item items todo todos"
    " statement statements claim claims expression expressions equation equations formula formulas command"
    " commands abstract abstracts passage passages term terms concept concepts sentence sentences phrase"
    " phrases topic topics word words text texts paragraph paragraphs review reviews"
    " string strings title titles point points tweet tweets message messages error errors",
    Tag.ALIKE: "variant variants version versions implementation implementations alternative alternatives idea"
    " ideas example examples"
    " way ways suggestion suggestions tip tips solution solutions approach approaches poem poems joke jokes title titles"
    " tagline taglines recipe recipes option options reason reasons case cases sample samples design"
    " designs story stories name names"
    " headline headlines slogan slogans question questions exercise exercises problem problems quiz"
    " quizzes haiku haikus tweet tweets"
    " prompt prompts candidate candidates rewrite rewrites formulation formulations fact facts email emails caption captions"
    " input inputs dataset datasets test tests testcase testcases snippet snippets unittests benchmark"
    " benchmarks kernel kernels function functions"
    " program programs proposal proposals paraphrase paraphrases quote quotes",
    Tag.ARTIFACT: "function program script class module library tool app application makefile cli file kernel package"
    " wrapper driver main"
    " interface api table report summary readme header parser server client struct subroutine method"
    " macro pipeline service harness test"
    " suite benchmark plan project game website page document essay article story template dockerfile"
    " cmakelists.txt cmakelists diagram paragraph"
    " framework dispatcher loop query regex solution simulation simulator solver bot crawler scraper"
    " calculator code implementation graph tree hierarchy layout index picture map logo",
    Tag.DETAIL: "requirement requirements constraint constraints rule rules should must condition conditions feature"
    " features option options flag"
    " flags parameter parameters argument arguments field fields column columns step steps note notes"
    " detail details spec specs specification"
    " input inputs output outputs format assumption assumptions assume given support supports supporting"
    " handle handles environment setup tried"
    " log context background goal goals criteria guideline guidelines hint hints remember restrictions"
    " property properties behavior behaviour"
    " ensure compiled flags settings configuration config stage stages phase phases members limitations spec cases",
    Tag.MEASURE: "rank ranks thread threads process processes processor processors gpu gpus cpu cpus core cores node"
    " nodes second seconds minute"
    " minutes ms hour hours day days week weeks byte bytes kb mb gb bit bits line lines word words character"
    " characters element elements"
    " iteration iterations row rows column columns argument arguments parameter parameters value values"
    " field fields step steps dimension"
    " dimensions percent point points bullet bullets digit digits integer integers number numbers float"
    " floats double doubles block blocks"
    " warp warps level levels star stars time times item items page pages lane lanes stream streams"
    " particle particles cell cells vector vectors"
    " matrix matrices array arrays buffer buffers register registers int ints year years people person players x tokens",
    Tag.EXCEPT: "except but excluding besides",
    Tag.INNER: "inner nested innermost",
}
_DE = {
    Tag.READ: "erklär* erklaer* beschreib* dokumentier* kommentier* überprüf* prüf* analysier* erläuter* docstring*"
    " kommentar* komplexität*",
    Tag.CHANGE: "übersetz* uebersetz* portier* konvertier* wandle wandel* umwandel* umzuwandeln optimier* parallelisier*"
    " refaktorier*"
    " vektorisier* ersetz* füge ergänz*"
    " umschreib* beschleunig* korrigier* verbesser* änder* bring* stelle umstell* mach mache"
    " entfern* lösch* berechn* rechne kürz* vereinfach* benenn* löse",
    Tag.TEST: "teste unit-test* unittest* modultest* komponententest*",
    Tag.WRITE: "schreib* implementier* erstell* gib nenn* generier* liste zeig* brauche entwickel* entwirf* schlag*"
    " mach mache baue beantworte* bräuchte hätte wünsche wünsch* suche formulier*"
    " bau empfiehl empfehl* finde such skizzier* sag sage",
    Tag.COMPARE: "vergleich* kombinier* verschmelz* zusammenführ* unterschied* vereinig*",
    Tag.EACH: "jede jeden jedem jeder jedes jeweils einzeln je",
    Tag.ALL: "alle allen aller beide beiden",
    Tag.THESE: "diese diesen dieser folgenden folgende folgender unten oben angehängten angehängte beigefügten nachfolgenden",
    Tag.THE: "die den der meine meinen unsere das",
    Tag.A: "ein eine einen einem einer",
    Tag.FOR: "für fuer zu von nach",
    Tag.WITH: "mit ohne",
    Tag.THAT: "welche welches",
    Tag.AND: "und oder sowie",
    Tag.POLITE: "bitte kannst könntest könnten können sie du mir uns ich möchte hallo mal auch",
    Tag.THEN: "dann danach anschließend anschliessend daraufhin",
    Tag.FUNCTION: "funktion funktionen routinen",
    Tag.LOOP: "schleife schleifen",
    Tag.FILE: "datei dateien programme quelldateien skripte anhang anhänge quelltexte",
    Tag.METHOD: "methode methoden",
    Tag.CLASS: "klasse klassen",
    Tag.SUBROUTINE: "unterprogramm unterprogramme subroutinen",
    Tag.TASK: "aufgabe aufgaben frage fragen satz sätze sätzen begriff begriffe begriffen wörter wörtern punkte punkten texte"
    " texten",
    Tag.ALIKE: "variante varianten versionen ideen vorschlag vorschläge beispiel beispiele möglichkeiten fragen"
    " aufgaben tipps testfälle namen"
    " rezepte gründe witze gedichte überschriften implementierungen lösungen ansätze sätze",
    Tag.ARTIFACT: "programm skript funktion klasse makefile bibliothek tabelle modul werkzeug datei methode struktur",
    Tag.DETAIL: "anforderung* bedingung* schritt* soll sollte muss optionen eigenschaften parameter beachte* regeln"
    " felder eingabe ausgabe",
    Tag.MEASURE: "zeilen wörtern sätzen prozesse threads kerne ränge sekunden minuten argumente parameter werte elemente spalten",
    Tag.EXCEPT: "außer ausser",
    Tag.INNER: "innere inneren verschachtelten",
}
_ES = {
    Tag.READ: "explica* explique* explíq* explíc* descríb* describ* document* coment* revis* analiz* resum* defin* complejidad",
    Tag.CHANGE: "traduc* traduzc* conviert* convert* port* reescrib* optimiz* paraleliz* refactoriz* vectoriz* añad* agreg*"
    " pasa pasar corrig* mejor*"
    " corregir subir quitar borrar poner comprobar transform* acelera* cambi* modific* adapt*"
    " reemplaz* elimin* borra calcul* acort* simplific* renombr* resuelv* quita pon",
    Tag.TEST: "prueba pruebas tests",
    Tag.WRITE: "escrib* implement* crea crear genera generar dame haz hazme propon* propón enumera lista necesito"
    " quiero sugier* diseñ* muestra"
    " desarroll* respond* contest* inventa redacta dime muéstra* recomiend* recomiénd* busca indica nombra formula",
    Tag.COMPARE: "compar* combin* fusion* clasific* diferencia* une unir",
    Tag.EACH: "cada",
    Tag.ALL: "todas todos ambas ambos",
    Tag.THESE: "estas estos siguientes esas esos abajo adjuntos adjuntas arriba",
    Tag.THE: "las los la el mis nuestras",
    Tag.A: "un una",
    Tag.FOR: "para de a",
    Tag.WITH: "con sin usando",
    Tag.THAT: "que cual",
    Tag.AND: "y e o",
    Tag.POLITE: "por favor puedes podrías podrias hola me quisiera ayúdame también",
    Tag.THEN: "luego después despues entonces",
    Tag.FUNCTION: "función funcion funciones rutinas procedimientos",
    Tag.LOOP: "bucle bucles ciclos lazo lazos",
    Tag.FILE: "archivo archivos fichero ficheros programas módulos scripts adjunto fuentes",
    Tag.METHOD: "método métodos metodos",
    Tag.CLASS: "clase clases",
    Tag.SUBROUTINE: "subrutina subrutinas",
    Tag.TASK: "tarea tareas pregunta preguntas frase frases oraciones término términos conceptos ejercicios palabras textos",
    Tag.ALIKE: "variantes versiones ideas ejemplos alternativas formas maneras sugerencias preguntas ejercicios"
    " consejos recetas razones nombres"
    " chistes poemas títulos casos implementaciones soluciones frases",
    Tag.ARTIFACT: "programa script función clase biblioteca tabla módulo herramienta archivo makefile",
    Tag.DETAIL: "requisito* condicion* paso pasos debe debería deben opciones características parámetros reglas"
    " campos entrada salida ten",
    Tag.MEASURE: "líneas palabras procesos hilos núcleos segundos minutos argumentos parámetros valores elementos"
    " columnas rangos",
    Tag.EXCEPT: "excepto salvo menos",
    Tag.INNER: "internos anidados",
}
_RU = {
    Tag.READ: "объясн* опиш* описа* документир* задокументир* прокомментир* комментир* проверь* проанализир* анализир*"
    " разбер* поясн* сложность расскаж*"
    " докстринг* отревью* комментари*",
    Tag.CHANGE: "перевед* перепиш* портир* перенес* оптимизир* распараллел* преобразу* конвертир* ускор* добав*"
    " замен* векторизу* исправ*"
    " улучш* передела* измен* рефактор* отрефактор* переве*"
    " удали* посчитай* вычисл* сократи* упрост* переименуй* реши* убери* разверни*",
    Tag.TEST: "тест* юнит-тест* протестир*",
    Tag.WRITE: "напиш* реализу* созда* дай дайте сгенерир* придума* перечисл* сдела* состав* предлож* покаж* нужн*"
    " назов* приведи* ответь* напис* подскаж*"
    " посоветуй* порекомендуй* найди* нарисуй*",
    Tag.COMPARE: "сравн* объедин* слей* ранжир* различи* отличи* выбер*",
    Tag.EACH: "кажд* отдельно соответственно",
    Tag.ALL: "все всех всем всеми оба обе обоих обеих обеим обоим",
    Tag.THESE: "эти этих этим этими следующ* ниже приложенн* выше прикреплённ* прикрепленн*",
    Tag.THE: "мои моих наши",
    Tag.A: "один одну одна одно одной",
    Tag.FOR: "для из на",
    Tag.WITH: "с со без используя",
    Tag.THAT: "котор* чтобы",
    Tag.AND: "и или а",
    Tag.POLITE: "пожалуйста можешь можете мне нам привет также помоги помогите плиз надо",
    Tag.THEN: "затем потом",
    Tag.FUNCTION: "функци* процедур*",
    Tag.LOOP: "цикл*",
    Tag.FILE: "файл* программы программ скрипт* модул* вложени* исходник*",
    Tag.METHOD: "метод*",
    Tag.CLASS: "класс*",
    Tag.KERNEL: "ядро ядра ядер ядру ядрам кернел*",
    Tag.STRUCT: "структур*",
    Tag.SUBROUTINE: "подпрограмм*",
    Tag.TASK: "задач* вопрос* задани* предложени* фраз* термин* поняти* определени* слов* текст* пункт*",
    Tag.ALIKE: "вариант* верси* иде* пример* способ* совет* вопрос* упражнени* рецепт* причин* назван* имен* шут*"
    " стих* заголов* реализаци* решени*"
    " задач* тестов тест-кейс* предложени*",
    Tag.ARTIFACT: "программу скрипт функцию класс библиотеку таблицу модуль утилиту makefile",
    Tag.DETAIL: "требовани* услови* шаг* долж* опци* параметр* правил* пол* ввод* вывод* учти* поддерж*",
    Tag.MEASURE: "строк* слов* процесс* поток* ядрах секунд* минут* аргумент* параметр* значени* элемент* столбц* ранг* раз раза",
    Tag.EXCEPT: "кроме",
    Tag.INNER: "вложенн* внутренн*",
}
_ZH_JA = {
    Tag.READ: "解释 说明 描述 注释 文档 审查 检查 分析 总结 讲解 介绍 推导 证明 复杂度 講解 解釋 説明 解説 コメント"
    " ドキュメント レビュー 調べ 要約 計算量 定義",
    Tag.CHANGE: "翻译 翻譯 转换 改写 移植 优化 并行化 重构 向量化 改成 改为 转成 转为 转化 加上 添加 修复 重写"
    " 改造 加速 加入 译成 翻成 修改 删除 润色"
    " 翻訳 変換 書き換え 書きかえ 最適化 並列化 リファクタ ベクトル化 追加 直し 修正 訳し 書き直 直す 訳す 変える 移す",
    Tag.TEST: "测试 単体テスト テスト 測試",
    Tag.WRITE: "写 编写 列举 举出 举 说出 实现 给我 给出 生成 列出 创建 画 画出"
    " 展示 起草 見せて 示して 提供 设计 想出 想 推荐 回答 帮我 书い 書い 書く 書き 作る"
    " 作り 挙げる 教える 考える お願い 作成 作っ 実装 教え 挙げ 提案 考え 出し 答え ください 用意",
    Tag.COMPARE: "比较 对比 哪个 哪一个 合并 排序 排名 融合 区别 比較 どれ どちら 統合 結合 順位 違い まとめて一つ",
    Tag.EACH: "每一个 每个 每一 每 各个 各 分别 逐个 各自 それぞれ 各々 一つずつ ごとに 分別",
    Tag.ALL: "所有 全部 都 すべて 全て 全部の",
    Tag.THESE: "这些 这几个 这 以下 下面 下列 上面 附件 如下 次の これらの 下記 以下の 上記 添付",
    Tag.A: "一个 一種 一つ ひとつ 1つ 一段 一份",
    Tag.THE: "这个 这段 这份 この その",
    Tag.FOR: "为 给 对 について に対して",
    Tag.AND: "和 以及 与 及 と および",
    Tag.POLITE: "请 麻烦 帮 帮我 能不能 可以",
    Tag.THEN: "然后 接着 之后 その後 それから 次に 続いて",
    Tag.FUNCTION: "函数 函數 関数 プロシージャ",
    Tag.KERNEL: "核函数 内核 カーネル",
    Tag.SUBROUTINE: "子程序 子例程 サブルーチン",
    Tag.METHOD: "方法 メソッド",
    Tag.CLASS: "类 クラス",
    Tag.STRUCT: "结构体 構造体",
    Tag.LOOP: "循环 迴圈 ループ",
    Tag.FILE: "文件 程序 脚本 ファイル プログラム スクリプト 源文件 モジュール",
    Tag.SNIPPET: "代码段 代码片段 片段 スニペット",
    Tag.TASK: "任务 问题 題目 题目 句子 术语 概念 词语 单词 事项 タスク 質問 問題 文章 文 用語 単語 課題",
    Tag.ALIKE: "版本 变体 方案 例子 示例 想法 点子 建议 方式 题目 测试用例 用例 名字 笑话 诗 标题 食谱 理由 写法"
    " 实现 问题 主意 句子 技巧 标语"
    " バージョン バリエーション 案 アイデア 例 方法 提案 テストケース 名前 実装 レシピ 理由 質問 問題 コツ 俳句",
    Tag.ARTIFACT: "程序 脚本 函数 类 库 工具 模块 表格 プログラム スクリプト 関数 クラス ライブラリ ツール 表",
    Tag.DETAIL: "要求 需求 条件 步骤 选项 参数 字段 注意 功能 输入 输出 必须 应该 支持 要件 手順 ステップ"
    " オプション 仕様 機能 入力 出力",
    Tag.MEASURE: "行 线程 进程 核 秒 分钟 字 字节 元素 列 值 维 次 参数 スレッド プロセス コア ランク 秒 分 文字 回 要素 引数",
    Tag.EXCEPT: "除了 除 以外",
    Tag.INNER: "嵌套 内层 内側 ネスト",
}

_PLURAL_EN = (
    "functions funcs fns routines procedures kernels subroutines methods classes structs structures"
    " loops files sources programs scripts"
    " modules headers attachments snippets blocks pieces fragments codes listings helpers tasks questions exercises"
    " problems requests things jobs items"
)


def _table() -> tuple[dict[str, set[Tag]], dict[str, set[Tag]]]:
    exact: dict[str, set[Tag]] = {}
    stems: dict[str, set[Tag]] = {}
    for words in (_EN, _DE, _ES, _RU):
        for tag, listed in words.items():
            for word in listed.split():
                (stems if word.endswith("*") else exact).setdefault(word.rstrip("*"), set()).add(tag)
    for word in list(exact):
        if word.endswith(("s", "en", "os", "as")) and exact[word] & {Tag.ALIKE, Tag.TASK, Tag.FILE, Tag.SNIPPET}:
            exact[word].add(Tag.PLURAL)
    for word in _PLURAL_EN.split():
        exact.setdefault(word, set()).add(Tag.PLURAL)
    for word in (
        "funktionen",
        "schleifen",
        "methoden",
        "klassen",
        "unterprogramme",
        "bucles",
        "funciones",
        "métodos",
        "clases",
        "ideas",
    ):
        exact.setdefault(word, set()).add(Tag.PLURAL)
    exact["class"].discard(Tag.PLURAL)
    return exact, stems


EXACT, STEMS = _table()
IDEOGRAPHIC: dict[str, set[Tag]] = {}
for _tag, _listed in _ZH_JA.items():
    for _word in _listed.split():
        IDEOGRAPHIC.setdefault(_word, set()).add(_tag)
