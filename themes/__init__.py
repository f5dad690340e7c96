"""Fidero's looks: theming engine, templates, components and static files.

Knows neither a database nor a web framework. The portal makes one environment and renders pages with it::

    from themes.assets import load
    from themes.environment import create_environment

    environment = create_environment(
        assets=load(), translations=catalogue, language=current_language, now=clock.now
    )

Static files are made by ``python -m themes.build`` into ``themes/static/dist`` (serve it under ``/static/``;
names are hashes, so a file never changes). A class that only stands in a new template needs a build: the
stylesheet holds only what is used. ``python -m themes.gallery FOLDER`` writes sample pages to look at.

Writing a page
==============

Templates of a slice stand in ``templates/pages/<slice>/``. ``ui`` holds every component without an import, so
that a block can also be rendered alone as a fragment::

    {% extends "base/layout.html" %}
    {% block title %}{{ _("Dossiers") }}{% endblock %}
    {% block header %}
      {% call ui.page_header(_("Dossiers"), subtitle=_("Everyone you look after.")) %}
        {{ ui.link_button(_("Import"), "/dossiers/import", icon_name="upload") }}
        {{ ui.link_button(_("New dossier"), "/dossiers/new", icon_name="add", kind="primary") }}
      {% endcall %}
    {% endblock %}
    {% block content %}
      {% call ui.card(flush=true) %}
        {% call ui.toolbar(current_path, query, value=find) %}
          {{ ui.filter_chips("state", states, current_path, query, label=_("State")) }}
        {% endcall %}
        {% block rows %}
          {% if dossiers %}
            {% call ui.table(_("Dossiers")) %}
              <thead><tr>
                {{ ui.th_sort(_("Name"), "name", current_path, query) }}{{ ui.th(_("State")) }}
              </tr></thead>
              <tbody>
              {% for dossier in dossiers %}
                <tr data-href="{{ dossier.href }}">
                  <th scope="row">
                    <a class="ui-row-title" href="{{ dossier.href }}">{{ dossier.name }}</a>
                  </th>
                  <td>{{ ui.chip(dossier.state) }}</td>
                </tr>
              {% endfor %}
              </tbody>
            {% endcall %}
            {{ ui.pager(current_path, query, after=after, shown=dossiers | length, total=total) }}
          {% else %}
            {{ ui.empty(_("No dossiers yet"), _("Import your list, or add the first one.")) }}
          {% endif %}
        {% endblock %}
      {% endcall %}
    {% endblock %}

The components (each explained beside its macro in ``templates/components``):

- status: ``chip(state, text)`` (a state of an enumeration, or ``"machine.state"``; ``themes/states.py``), ``item_chip``, ``delivery_chip``, ``badge``, ``count``, ``live_count`` (scripts keep it right), ``reexported``,
  ``listed_state``; they are remembered by what they are given: values, and no rows
- page: ``page_header``, ``tabs``, ``tiles`` (key figures that filter), ``card``, ``definitions``,
  ``chain``, ``timeline``, ``amount``
- buttons: ``button``, ``link_button``, ``icon_link``, ``icon_button``, ``copyable``, ``shortened``, ``menu``,
  ``menu_link``; ``key="a"`` gives a keyboard shortcut
- tables: ``table``, ``th_sort``, ``th``, ``th_select``, ``td_select``, ``bulk_bar``, ``toolbar``,
  ``filter_chips``, ``period_filter``, ``period_fields``, ``pager``, ``empty``; cells ``class="ui-number"`` for figures, ``ui-zero`` for a dash,
  ``data-label`` for phones, ``ui-empty-cell`` for what phones leave out
- forms: ``field``, ``password``, ``textarea``, ``select``, ``checkbox``, ``choices``, ``colour``,
  ``error_summary``, ``form_actions``, ``seen_fields`` and ``overtaken`` (forms that change something);
  every form has ``{{ csrf_field() }}`` and the class ``ui-form`` where it is a column of fields
- feedback: ``toast``, ``alert``, ``progress`` (polls by itself when given a ``url``), ``confirm_link`` with
  ``confirm_dialog`` (block ``dialogs``) and ``confirm_form`` (the page without script), ``dialog``
- upload: ``drop_zone``
- documents: ``beside`` (page images beside the data), ``sheet`` (one page image), ``action_bar`` (the
  decision, always in reach on a phone)

Templates are compiled for long lists (``themes/compiling.py``): a message, a filter and a component cost little in every row, an
``include`` costs as much as ten of them. What a template names is called as it is; who wants Jinja's context says so in the environment.

Globals: ``asset(name)``, ``icon(name, label)``, ``csrf_field()``, ``here_with(sort="name")``,
``url_with(path, query, **changes)``, ``toggled``, ``chosen``, ``sorted_by``, ``state_of``, ``now()``.
Filters: ``money``, ``signed`` (an amount of a credit note is below zero), ``number``, ``percent``, ``date``, ``datetime``, ``when`` (today 09:12), ``timeago``,
``filesize``, ``initials``, ``translated`` (for a text that a variable holds: ``_`` fills in what follows a ``%`` and takes
its text for markup). Texts: ``_("…")``, ``{% trans %}…{% endtrans %}``; a ``%`` in a text is written
``%%``. Values in texts: ``_("Hello %(name)s", name=person)``; what is counted: ``{% trans count=n %}One
file{% pluralize %}{{ count }} files{% endtrans %}``.

Blocks of ``base/layout.html``: ``title``, ``header``, ``content``, ``dialogs``, ``bar_end``,
``account_menu``; of ``base/bare.html`` (before signing in): ``title``, ``header``, ``content``, ``foot``,
``dialogs``.

The shell links to ``/``, ``/search?q=``, ``/account``, and posts to ``/language`` (``language``, ``next``) and
``/sign-out``; forms carry ``csrf_token``, HTMX requests the header ``X-CSRF-Token``. It needs of every page the
context that ``themes.gallery.context`` shows, ``base/error.html`` also ``error``, ``base/neutral.html`` only
``language``. The content security policy these pages live under: ``default-src 'none'; script-src 'self';
style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri
'none'`` (``data:`` for the arrows of Tabler's select fields).

No script or style stands in a page (the content security policy refuses it): no ``style=``, no ``on…=``, no
``<script>`` with content. What scripts do is asked for by attributes: ``data-href`` on a row,
``data-dialog="id"``, ``data-key="a"``, ``data-copy="text"``, ``data-autosubmit``. After an HTMX request,
toasts come by ``HX-Trigger: {"toast": {"kind": "success", "text": "…", "href": "/…", "link_text": "…"}}``.
"""
