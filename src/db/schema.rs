// @generated automatically by Diesel CLI.

diesel::table! {
    account_schools (account_id, school_id) {
        account_id -> Text,
        school_id -> Text,
    }
}

diesel::table! {
    accounts (id) {
        id -> Text,
        login -> Text,
        full_name -> Nullable<Text>,
        position -> Nullable<Text>,
        search_text -> Text,
        role -> Text,
        region_code -> Nullable<Text>,
        municipality_id -> Nullable<Text>,
        school_id -> Nullable<Text>,
        acting_until -> Nullable<Date>,
        status -> Text,
        password_hash -> Nullable<Text>,
        must_change_password -> Bool,
        password_expires_at -> Nullable<Timestamp>,
        read_only_until -> Nullable<Date>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    audit_events (seq) {
        seq -> BigInt,
        at -> Timestamp,
        actor_id -> Nullable<Text>,
        actor_role -> Text,
        acting -> Bool,
        action -> Text,
        resource -> Text,
        resource_id -> Text,
        municipality_id -> Nullable<Text>,
        from_status -> Nullable<Text>,
        to_status -> Nullable<Text>,
        reason -> Nullable<Text>,
        request_id -> Text,
    }
}

diesel::table! {
    audit_seals (number) {
        number -> BigInt,
        through_seq -> BigInt,
        rows_count -> Integer,
        hash -> Text,
        sealed_at -> Timestamp,
    }
}

diesel::table! {
    changes (seq) {
        seq -> BigInt,
        op -> Text,
        resource -> Text,
        resource_id -> Text,
        version -> Integer,
        key -> Nullable<Text>,
        municipality_id -> Nullable<Text>,
        region_code -> Nullable<Text>,
        visible_before -> Bool,
        visible_after -> Bool,
        actor_role -> Text,
        reason -> Nullable<Text>,
        order_number -> Nullable<Text>,
        request_id -> Text,
        occurred_at -> Timestamp,
        action -> Text,
        previous_key -> Nullable<Text>,
        from_municipality_id -> Nullable<Text>,
    }
}

diesel::table! {
    client_secrets (id) {
        id -> Text,
        client_id -> Text,
        hash -> Text,
        hint -> Text,
        expires_at -> Nullable<Timestamp>,
        last_used_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    clients (id) {
        id -> Text,
        name -> Text,
        name_folded -> Text,
        description -> Nullable<Text>,
        region_code -> Nullable<Text>,
        municipality_id -> Nullable<Text>,
        scopes -> Text,
        status -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    conclusion_templates (id) {
        id -> Text,
        municipality_id -> Nullable<Text>,
        owner -> Text,
        number -> Integer,
        based_on_id -> Nullable<Text>,
        title -> Text,
        content -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    conclusions (monitoring_id, code) {
        monitoring_id -> Text,
        code -> Text,
        municipality_id -> Text,
        edited_text -> Nullable<Text>,
        edited_by -> Nullable<Text>,
        edited_at -> Nullable<Timestamp>,
        frozen -> Nullable<Text>,
        version -> Integer,
    }
}

diesel::table! {
    deadline_extensions (monitoring_id, school_id) {
        monitoring_id -> Text,
        school_id -> Text,
        until -> Date,
        reason -> Text,
        order_id -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    evidence (id) {
        id -> Text,
        report_id -> Text,
        measure_id -> Text,
        kind -> Text,
        title -> Text,
        requisites -> Nullable<Text>,
        url -> Nullable<Text>,
        contains_personal_data -> Bool,
        created_by -> Text,
        created_at -> Timestamp,
        file_name -> Nullable<Text>,
        media_type -> Nullable<Text>,
        size -> Nullable<Integer>,
        original_sha256 -> Nullable<Text>,
        stored_sha256 -> Nullable<Text>,
        removed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    feed_state (name) {
        name -> Text,
        epoch -> Text,
        purged_through -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (subject, method, path, key) {
        subject -> Text,
        method -> Text,
        path -> Text,
        key -> Text,
        body_hash -> Text,
        status -> Integer,
        location -> Nullable<Text>,
        etag -> Nullable<Text>,
        body -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    indicator_values (id) {
        id -> Text,
        indicator_id -> Text,
        municipality_id -> Text,
        school_id -> Nullable<Text>,
        subject -> Text,
        period_start -> Date,
        period_end -> Date,
        numerator -> Nullable<Integer>,
        denominator -> Nullable<Integer>,
        target -> Nullable<Integer>,
        baseline -> Nullable<Integer>,
        state -> Text,
        report_id -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    indicators (id) {
        id -> Text,
        municipality_id -> Nullable<Text>,
        owner -> Text,
        code -> Text,
        position -> Integer,
        name -> Text,
        search_text -> Text,
        unit -> Text,
        direction -> Text,
        level -> Text,
        period_type -> Text,
        numerator -> Text,
        denominator -> Nullable<Text>,
        source -> Text,
        purpose_note -> Nullable<Text>,
        computed -> Bool,
        counts_people -> Bool,
        public -> Bool,
        archived -> Bool,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    job_errors (job_id, number) {
        job_id -> Text,
        number -> Integer,
        row_number -> Integer,
        column_title -> Nullable<Text>,
        code -> Text,
        value -> Nullable<Text>,
        message_ru -> Text,
        message_en -> Text,
    }
}

diesel::table! {
    jobs (id) {
        id -> Text,
        kind -> Text,
        mode -> Text,
        dry_run -> Bool,
        parameters -> Text,
        account_id -> Nullable<Text>,
        client_id -> Nullable<Text>,
        acting -> Bool,
        municipality_id -> Nullable<Text>,
        region_code -> Nullable<Text>,
        request_id -> Text,
        fingerprint -> Text,
        file -> Text,
        status -> Text,
        applied -> Bool,
        failure -> Nullable<Text>,
        rows_total -> Integer,
        rows_created -> Integer,
        rows_updated -> Integer,
        rows_unchanged -> Integer,
        rows_rejected -> Integer,
        removed -> Integer,
        errors_count -> Integer,
        results -> Text,
        attempts -> Integer,
        worker -> Nullable<Text>,
        lease_until -> Nullable<Timestamp>,
        started_at -> Nullable<Timestamp>,
        finished_at -> Nullable<Timestamp>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    measures (id) {
        id -> Text,
        road_map_id -> Text,
        municipality_id -> Text,
        lineage_id -> Text,
        code -> Text,
        section -> Text,
        position -> Integer,
        level -> Text,
        title -> Text,
        search_text -> Text,
        deadline -> Text,
        due_date -> Nullable<Date>,
        responsible -> Text,
        expected_result -> Nullable<Text>,
        evidence_required -> Bool,
        applies_to -> Text,
        criteria -> Text,
        recommendations -> Text,
        counts_in_compliance -> Bool,
        needs_review -> Bool,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        recommendation_id -> Nullable<Text>,
        indicators -> Text,
    }
}

diesel::table! {
    monitoring_schools (monitoring_id, school_id) {
        monitoring_id -> Text,
        school_id -> Text,
        municipality_id -> Text,
        short_name -> Text,
        education_levels -> Text,
        left_list_on -> Nullable<Date>,
        added_by_order_id -> Nullable<Text>,
        added_on -> Date,
        released_on -> Nullable<Date>,
        release_reason -> Nullable<Text>,
    }
}

diesel::table! {
    monitorings (id) {
        id -> Text,
        municipality_id -> Text,
        road_map_id -> Text,
        conclusion_template_id -> Nullable<Text>,
        order_id -> Text,
        support_list_ids -> Text,
        period_start -> Date,
        period_end -> Date,
        report_deadline -> Date,
        status -> Text,
        opened_at -> Nullable<Timestamp>,
        opened_on -> Nullable<Date>,
        frozen_at -> Nullable<Timestamp>,
        cancel_reason -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    municipalities (id) {
        id -> Text,
        name -> Text,
        name_folded -> Text,
        kind -> Text,
        region_code -> Text,
        oktmo -> Nullable<Text>,
        authority_name -> Text,
        place -> Text,
        site_url -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    notes (id) {
        id -> Text,
        municipality_id -> Text,
        monitoring_id -> Text,
        year -> Integer,
        status -> Text,
        title -> Text,
        date -> Nullable<Date>,
        place -> Text,
        preamble -> Nullable<Text>,
        missing_reports -> Text,
        signer_position -> Nullable<Text>,
        signer_name -> Nullable<Text>,
        number -> Nullable<Text>,
        registered_on -> Nullable<Date>,
        return_reason -> Nullable<Text>,
        snapshot -> Nullable<Text>,
        hash -> Nullable<Text>,
        signed_by -> Nullable<Text>,
        signed_at -> Nullable<Timestamp>,
        published_at -> Nullable<Timestamp>,
        replaces_id -> Nullable<Text>,
        replaced_by_id -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        signed_municipality -> Nullable<Text>,
        signed_authority -> Nullable<Text>,
    }
}

diesel::table! {
    orders (id) {
        id -> Text,
        owner -> Text,
        municipality_id -> Nullable<Text>,
        region_code -> Text,
        issuer -> Text,
        issuer_level -> Text,
        number -> Text,
        date -> Date,
        title -> Text,
        search_text -> Text,
        kind -> Text,
        file_url -> Nullable<Text>,
        repeals_id -> Nullable<Text>,
        status -> Text,
        registered_at -> Nullable<Timestamp>,
        repealed_at -> Nullable<Timestamp>,
        repeal_reason -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    recommendation_schools (recommendation_id, school_id) {
        recommendation_id -> Text,
        school_id -> Text,
        municipality_id -> Text,
        status -> Text,
        comment -> Nullable<Text>,
        version -> Integer,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    recommendations (id) {
        id -> Text,
        municipality_id -> Text,
        monitoring_id -> Nullable<Text>,
        note_id -> Nullable<Text>,
        code -> Text,
        position -> Integer,
        text -> Text,
        search_text -> Text,
        addressee -> Text,
        school_ids -> Text,
        due_date -> Nullable<Date>,
        conclusion_codes -> Text,
        status -> Text,
        department_status -> Nullable<Text>,
        issued_at -> Nullable<Timestamp>,
        cancel_reason -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    remarks (id) {
        id -> Text,
        report_id -> Text,
        measure_id -> Nullable<Text>,
        pointer -> Text,
        text -> Text,
        status -> Text,
        submission -> Integer,
        created_by -> Text,
        author_role -> Text,
        answer -> Nullable<Text>,
        answered_by -> Nullable<Text>,
        answered_at -> Nullable<Timestamp>,
        resolved_by -> Nullable<Text>,
        resolved_at -> Nullable<Timestamp>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    report_items (report_id, measure_id) {
        report_id -> Text,
        measure_id -> Text,
        position -> Integer,
        status -> Text,
        actual_date -> Nullable<Date>,
        result -> Nullable<Text>,
        reason -> Nullable<Text>,
        version -> Integer,
        updated_at -> Timestamp,
        carried_over -> Bool,
        numbers -> Text,
    }
}

diesel::table! {
    report_versions (report_id, number) {
        report_id -> Text,
        number -> Integer,
        content -> Text,
        submitted_by -> Text,
        submitted_at -> Timestamp,
    }
}

diesel::table! {
    reports (id) {
        id -> Text,
        monitoring_id -> Text,
        municipality_id -> Text,
        school_id -> Nullable<Text>,
        status -> Text,
        summary -> Nullable<Text>,
        problems -> Nullable<Text>,
        submission -> Integer,
        first_submitted_at -> Nullable<Timestamp>,
        submitted_at -> Nullable<Timestamp>,
        submitted_by -> Nullable<Text>,
        review_started_at -> Nullable<Timestamp>,
        accepted_at -> Nullable<Timestamp>,
        accepted_by -> Nullable<Text>,
        returned_at -> Nullable<Timestamp>,
        return_reason -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    road_maps (id) {
        id -> Text,
        municipality_id -> Text,
        school_id -> Nullable<Text>,
        parent_id -> Nullable<Text>,
        level -> Text,
        title -> Text,
        search_text -> Text,
        goal -> Nullable<Text>,
        tasks -> Text,
        period_start -> Date,
        period_end -> Date,
        order_id -> Nullable<Text>,
        approval_number -> Nullable<Text>,
        approval_date -> Nullable<Date>,
        conclusion_template_id -> Nullable<Text>,
        edition -> Integer,
        amends_id -> Nullable<Text>,
        copied_from_id -> Nullable<Text>,
        status -> Text,
        approved_at -> Nullable<Timestamp>,
        closed_at -> Nullable<Timestamp>,
        cancel_reason -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    school_assessments (school_id, assessment, subject_folded, grade, year) {
        school_id -> Text,
        academic_year -> Integer,
        assessment -> Text,
        subject -> Text,
        subject_folded -> Text,
        grade -> Integer,
        year -> Integer,
        participants -> Integer,
        below_minimum -> Integer,
    }
}

diesel::table! {
    school_calendars (municipality_id, academic_year) {
        municipality_id -> Text,
        academic_year -> Integer,
        term_kind -> Text,
        terms -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    school_stats (school_id, academic_year) {
        school_id -> Text,
        academic_year -> Integer,
        pupils_total -> Integer,
        graduates_9 -> Nullable<Integer>,
        graduates_11 -> Nullable<Integer>,
        teachers_total -> Integer,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    schools (id) {
        id -> Text,
        municipality_id -> Text,
        full_name -> Nullable<Text>,
        short_name -> Text,
        short_name_folded -> Text,
        search_text -> Text,
        legal_form -> Text,
        school_kind -> Text,
        education_levels -> Text,
        inn -> Text,
        kpp -> Nullable<Text>,
        ogrn -> Text,
        okpo -> Nullable<Text>,
        oktmo -> Nullable<Text>,
        vpr_login -> Nullable<Text>,
        gia_code -> Nullable<Text>,
        site_url -> Nullable<Text>,
        address -> Nullable<Text>,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        head_position -> Nullable<Text>,
        head_name -> Nullable<Text>,
        status -> Text,
        closure_kind -> Nullable<Text>,
        closed_on -> Nullable<Date>,
        successor_id -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        account_id -> Text,
        refresh_hash -> Text,
        previous_hash -> Nullable<Text>,
        rotated_at -> Timestamp,
        expires_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    support_list_entries (id) {
        id -> Text,
        list_id -> Text,
        municipality_id -> Text,
        school_id -> Text,
        reasons -> Text,
        included_by_order_id -> Nullable<Text>,
        included_on -> Nullable<Date>,
        excluded_by_order_id -> Nullable<Text>,
        excluded_on -> Nullable<Date>,
        exclusion_reason -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    support_lists (id) {
        id -> Text,
        municipality_id -> Text,
        level -> Text,
        category -> Text,
        results_year -> Integer,
        order_id -> Text,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
        status -> Text,
        approved_at -> Nullable<Timestamp>,
        cancel_reason -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    webhook_deliveries (id) {
        id -> Text,
        webhook_id -> Text,
        event_id -> Text,
        event_type -> Text,
        seq -> Nullable<BigInt>,
        attempt -> Integer,
        outcome -> Text,
        failure -> Nullable<Text>,
        http_status -> Nullable<Integer>,
        duration_ms -> Integer,
        created_at -> Timestamp,
    }
}

diesel::table! {
    webhooks (id) {
        id -> Text,
        client_id -> Text,
        url -> Text,
        description -> Nullable<Text>,
        resources -> Text,
        status -> Text,
        disabled_by -> Nullable<Text>,
        secret -> Text,
        previous_secret -> Nullable<Text>,
        previous_until -> Nullable<Timestamp>,
        epoch -> Text,
        after_seq -> BigInt,
        replay_after -> Nullable<BigInt>,
        replay_until -> Nullable<BigInt>,
        test_requested_at -> Nullable<Timestamp>,
        tested_at -> Nullable<Timestamp>,
        attempts -> Integer,
        failing_since -> Nullable<Timestamp>,
        next_at -> Timestamp,
        parked -> Bool,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<Timestamp>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::joinable!(account_schools -> accounts (account_id));
diesel::joinable!(account_schools -> schools (school_id));
diesel::joinable!(accounts -> municipalities (municipality_id));
diesel::joinable!(accounts -> schools (school_id));
diesel::joinable!(client_secrets -> clients (client_id));
diesel::joinable!(clients -> municipalities (municipality_id));
diesel::joinable!(conclusion_templates -> municipalities (municipality_id));
diesel::joinable!(conclusions -> accounts (edited_by));
diesel::joinable!(conclusions -> monitorings (monitoring_id));
diesel::joinable!(conclusions -> municipalities (municipality_id));
diesel::joinable!(deadline_extensions -> monitorings (monitoring_id));
diesel::joinable!(deadline_extensions -> orders (order_id));
diesel::joinable!(deadline_extensions -> schools (school_id));
diesel::joinable!(evidence -> accounts (created_by));
diesel::joinable!(indicator_values -> indicators (indicator_id));
diesel::joinable!(indicator_values -> municipalities (municipality_id));
diesel::joinable!(indicator_values -> reports (report_id));
diesel::joinable!(indicator_values -> schools (school_id));
diesel::joinable!(indicators -> municipalities (municipality_id));
diesel::joinable!(job_errors -> jobs (job_id));
diesel::joinable!(jobs -> accounts (account_id));
diesel::joinable!(jobs -> municipalities (municipality_id));
diesel::joinable!(measures -> municipalities (municipality_id));
diesel::joinable!(measures -> recommendations (recommendation_id));
diesel::joinable!(measures -> road_maps (road_map_id));
diesel::joinable!(monitoring_schools -> monitorings (monitoring_id));
diesel::joinable!(monitoring_schools -> municipalities (municipality_id));
diesel::joinable!(monitoring_schools -> orders (added_by_order_id));
diesel::joinable!(monitoring_schools -> schools (school_id));
diesel::joinable!(monitorings -> conclusion_templates (conclusion_template_id));
diesel::joinable!(monitorings -> municipalities (municipality_id));
diesel::joinable!(monitorings -> orders (order_id));
diesel::joinable!(monitorings -> road_maps (road_map_id));
diesel::joinable!(notes -> accounts (signed_by));
diesel::joinable!(notes -> monitorings (monitoring_id));
diesel::joinable!(notes -> municipalities (municipality_id));
diesel::joinable!(orders -> municipalities (municipality_id));
diesel::joinable!(recommendation_schools -> municipalities (municipality_id));
diesel::joinable!(recommendation_schools -> recommendations (recommendation_id));
diesel::joinable!(recommendation_schools -> schools (school_id));
diesel::joinable!(recommendations -> monitorings (monitoring_id));
diesel::joinable!(recommendations -> municipalities (municipality_id));
diesel::joinable!(recommendations -> notes (note_id));
diesel::joinable!(remarks -> measures (measure_id));
diesel::joinable!(remarks -> reports (report_id));
diesel::joinable!(report_items -> measures (measure_id));
diesel::joinable!(report_items -> reports (report_id));
diesel::joinable!(report_versions -> accounts (submitted_by));
diesel::joinable!(report_versions -> reports (report_id));
diesel::joinable!(reports -> monitorings (monitoring_id));
diesel::joinable!(reports -> municipalities (municipality_id));
diesel::joinable!(reports -> schools (school_id));
diesel::joinable!(road_maps -> conclusion_templates (conclusion_template_id));
diesel::joinable!(road_maps -> municipalities (municipality_id));
diesel::joinable!(road_maps -> orders (order_id));
diesel::joinable!(road_maps -> schools (school_id));
diesel::joinable!(school_calendars -> municipalities (municipality_id));
diesel::joinable!(school_stats -> schools (school_id));
diesel::joinable!(schools -> municipalities (municipality_id));
diesel::joinable!(sessions -> accounts (account_id));
diesel::joinable!(support_list_entries -> municipalities (municipality_id));
diesel::joinable!(support_list_entries -> schools (school_id));
diesel::joinable!(support_list_entries -> support_lists (list_id));
diesel::joinable!(support_lists -> municipalities (municipality_id));
diesel::joinable!(support_lists -> orders (order_id));
diesel::joinable!(webhook_deliveries -> webhooks (webhook_id));
diesel::joinable!(webhooks -> clients (client_id));

diesel::allow_tables_to_appear_in_same_query!(
    account_schools,
    accounts,
    audit_events,
    audit_seals,
    changes,
    client_secrets,
    clients,
    conclusion_templates,
    conclusions,
    deadline_extensions,
    evidence,
    feed_state,
    idempotency_keys,
    indicator_values,
    indicators,
    job_errors,
    jobs,
    measures,
    monitoring_schools,
    monitorings,
    municipalities,
    notes,
    orders,
    recommendation_schools,
    recommendations,
    remarks,
    report_items,
    report_versions,
    reports,
    road_maps,
    school_assessments,
    school_calendars,
    school_stats,
    schools,
    sessions,
    support_list_entries,
    support_lists,
    webhook_deliveries,
    webhooks,
);
